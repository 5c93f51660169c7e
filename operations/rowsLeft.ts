import type { ServiceRow } from "../core/service";
import { stoppedDaemons } from "./mirrorDaemons";
import { rowsNow } from "./moveBackend";
import type { Run } from "./run";
import { stoppedServices } from "./savedRows";

/**
 * What is left to do for services that no host runs that answers: one that was only cut off keeps the old site in memory
 * (the driver reads its row at its start alone), and calls that concern a volume go to its own service.
 */
export async function lostServices(run: Run): Promise<string[]> {
    const { primary } = run.parts.names;
    const isTold = ({ host }: ServiceRow) => run.left.some((line) => line.startsWith(`${host}: `));
    return (await rowsNow(run))
        .filter((row) => row.state !== "up" && !isTold(row))
        .map(
            ({ host }) =>
                `${host}: its cinder-volume is down. Before its host can reach ${primary} again, restart it: it would go on with ${primary}. If that host is lost, start one with the same \`host\` elsewhere: until then its volumes can be neither attached nor deleted`,
        );
}

/** Says what a cut short operation has stopped and not started: its error tells of one host at most. */
export function tellStopped({ journal, found, parts }: Run): void {
    const next = `\`cinder-dr resume ${journal.id}\` goes on; \`cinder-dr resume ${journal.id} --undo-rows\` puts its rows back and starts it`;
    for (const { service, runners } of stoppedServices(journal))
        found({
            state: "problem",
            subject: service,
            fact: `its cinder-volume is stopped on ${runners.join(", ")} by this operation`,
            next,
        });
    const last = (step: string) => journal.entries.findLastIndex((e) => e.step === step);
    const daemons = stoppedDaemons(journal) ?? [];
    if (daemons.length > 0 && last("stop rbd-mirror") > last("start rbd-mirror"))
        found({
            state: "warning",
            subject: `site ${parts.names.secondary}`,
            fact: `its rbd-mirror is stopped by this operation: ${daemons.join(", ")}`,
            next: `\`cinder-dr resume ${journal.id}\` starts it at its end`,
        });
}
