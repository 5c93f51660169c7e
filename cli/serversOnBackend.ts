import type { Finding } from "../core/finding";
import type { ServerPlan } from "../core/serverPlan";
import type { Backend, Topology } from "../core/topology";
import type { Cinder } from "../operations/cinder";
import type { Nova } from "../operations/nova";
import { lookAtServers, type ServersView } from "../operations/servers";
import { stopServers } from "../operations/serversPower";
import { reattach, unfinishedReattach, type ReattachResult } from "../operations/serversSession";
import { startServers } from "../operations/serversStart";
import { chosen, isCurable } from "../operations/sessionPlan";
import { version } from "../package.json";
import { sourceIn } from "./completing";
import type { Output } from "./output";
import type { Source } from "./topologyFile";

/** What `cinder-dr servers` was started with. */
export interface ServersFlags extends Source {
    backend?: string;
    server?: string[];
    reattach?: boolean;
    evacuate?: string[];
    stop?: boolean;
    start?: boolean;
    batch: number;
    maxFailures: number;
    breakLock?: string;
    json?: boolean;
}

/** The plan of one server as a line; what is by hand is a problem with its commands. */
function findingOf(plan: ServerPlan): Finding {
    const wrong = plan.volumes.filter(({ fault }) => fault !== undefined);
    const subject = `${plan.name} (${plan.id}, ${plan.status}${plan.host === "" ? "" : ` on ${plan.host}`})`;
    if (plan.cure === "none") return { state: "ok", subject, fact: plan.why };
    const volumes = wrong.map(
        (v) => `${v.volumeName} ${v.device}${v.isRoot ? " (boots from it)" : ""}: ${v.fault ?? ""}`,
    );
    return {
        state: "problem",
        subject,
        fact: volumes.join("; "),
        next: plan.cure === "by hand" ? `by hand: ${plan.why}` : `--reattach: ${plan.why}`,
    };
}

const othersOf = ({ others }: ServersView): Finding[] =>
    others
        .filter(({ fault }) => fault !== undefined)
        .map(({ attachment, fault }) => ({
            state: "warning",
            subject: `attachment ${attachment.id}`,
            fact: `of volume ${attachment.volume_id}, by ${(attachment.instance ?? "") === "" ? "no server" : `server ${attachment.instance ?? ""}, which Nova does not know`}: ${fault ?? ""}`,
            next: "find out what uses the volume there, and connect it anew",
        }));

/** `--stop` or `--start` of one backend. @returns how many servers failed; none where nothing was done */
export async function power(
    flags: ServersFlags,
    topology: Topology,
    backend: Backend,
    clients: { cinder: Cinder; nova: Nova },
    { found, doing }: Output,
    signal: AbortSignal,
): Promise<number> {
    const { batch, breakLock } = flags;
    const source = sourceIn(flags);
    const options = {
        ...{ ...clients, topology, backend, version, source, batch, signal, found, doing },
        ...(breakLock === undefined ? {} : { breakLock }),
    };
    if (flags.stop === true) return stopServers(options);
    const { done, failed, held } = await startServers(options);
    return done + failed === 0 ? 0 : failed + held;
}

/** Plan or cure of one backend. @returns the view, and the result of --reattach */
export async function onBackend(
    flags: ServersFlags,
    topology: Topology,
    backend: Backend,
    clients: { cinder: Cinder; nova: Nova },
    { say, found, doing }: Output,
    signal: AbortSignal,
): Promise<{ view: ServersView; result?: ReattachResult }> {
    const servers = flags.server ?? [];
    if (flags.reattach !== true) {
        doing("looking at every attachment");
        const { cinder, nova } = clients;
        const off = flags.evacuate ?? [];
        const view = await lookAtServers(cinder, nova, topology, backend, signal, off);
        for (const plan of chosen(view.plans, servers)) found(findingOf(plan));
        for (const finding of othersOf(view)) found(finding);
        const unfinished = await unfinishedReattach({ cinder, topology, backend });
        if (unfinished !== undefined)
            found({
                state: "problem",
                subject: unfinished,
                fact: "is not finished: volumes that it has detached are in no plan above",
                next: `--reattach goes on with it; \`cinder-dr report ${unfinished}\` shows it`,
            });
        return { view };
    }
    let view: ServersView | undefined;
    const result = await reattach({
        ...clients,
        topology,
        backend,
        version,
        source: sourceIn(flags),
        servers,
        batch: flags.batch,
        maxFailures: flags.maxFailures,
        ...(flags.evacuate === undefined ? {} : { evacuate: flags.evacuate }),
        ...(flags.breakLock === undefined ? {} : { breakLock: flags.breakLock }),
        signal,
        found,
        doing,
        planned: (seen) => {
            view = seen;
            for (const plan of seen.plans)
                if (isCurable(plan)) say(`plan    ${plan.name} (${plan.id}): ${plan.why}`);
                else if (plan.cure === "by hand") found(findingOf(plan));
            for (const finding of othersOf(seen)) found(finding);
        },
    });
    const { cured, failed, gone, notBegun, byHand } = result;
    const deleted = gone.length === 0 ? "" : `, ${String(gone.length)} deleted meanwhile`;
    say(
        `servers ${backend.section}: ${String(cured.length)} cured, ${String(failed.length)} failed, ${String(notBegun.length)} not begun, ${String(byHand.length)} by hand${deleted}; journal ${result.id}`,
    );
    if (view === undefined) throw new Error("reattach has shown no plan");
    return { view, result };
}
