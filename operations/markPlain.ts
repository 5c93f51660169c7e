import type { Pair } from "../core/replica";
import { serviceOf } from "../core/service";
import type { Survey } from "../core/survey";
import type { Journal } from "./journal";
import type { Run } from "./run";

/** The journal's note of a host's rows before volumes on it are marked; the host's name follows. */
const BEFORE = "rows before mark on";

/** Whether the operation has marked volumes: a refusal may not say then that nothing was changed. */
export const hasMarked = ({ entries }: Journal): boolean =>
    entries.some((e) => e.kind === "noted" && e.step?.startsWith(BEFORE) === true);

/**
 * Marks volumes that have no mirrored image as what they are, through their own host's Cinder.
 * @param status `disabled` as Cinder itself sets it at creation, or `not-capable` as a failover leaves a plain volume
 * @returns how many rows changed
 */
export async function markPlain(
    run: Run,
    survey: Survey,
    lonely: readonly Pair[],
    status: "disabled" | "not-capable",
): Promise<number> {
    let count = 0;
    for (const { name, service } of survey.hosts) {
        const own = lonely.filter(({ volume }) => serviceOf(volume.host) === service);
        const host = run.parts.hosts.find((h) => h.host.name === name);
        if (own.length === 0 || host === undefined || service === undefined) continue;
        const saved = await host.saveRows(service);
        run.journal.append({ kind: "noted", step: `${BEFORE} ${name}`, data: saved });
        const volumes = Object.fromEntries(
            own.map(({ volume }) => [volume.id, { replication_status: status }]),
        );
        count += await host.writeVolumes(service, volumes);
    }
    return count;
}
