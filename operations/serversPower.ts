import { wordsOf } from "../core/problem";
import type { Finding } from "../core/finding";
import type { Source } from "../core/operation";
import { hostDown, isHostDown } from "../core/evacuation";
import type { ServerPlan } from "../core/serverPlan";
import type { Backend, Topology } from "../core/topology";
import { backendKey, type LeadToBackend } from "./backendKey";
import type { Cinder } from "./cinder";
import { Journal } from "./journal";
import { newOperationId, whoAmI } from "./operator";
import { openJournalOf } from "./journalFolder";
import type { Nova } from "./nova";
import { inParallel } from "./parallel";
import { lookAtServers } from "./servers";
import { GONE, GoneError } from "./serverLook";
import { settle } from "./serversReattach";
import { InterruptedError } from "./wait";

export const STOP = "servers --stop";

/** Id of the backend's stop whose servers wait for their start. */
export const unfinishedStop = async (lead: LeadToBackend): Promise<string | undefined> =>
    openJournalOf(STOP, await backendKey(lead, lead.backend));

export interface PowerOptions {
    topology: Topology;
    backend: Backend;
    cinder: Cinder;
    nova: Nova;
    version: string;
    /** Kept by the journal, for the commands that go on. */
    source?: Source;
    /** Servers worked on at a time. */
    batch: number;
    signal: AbortSignal;
    found: (finding: Finding) => void;
    doing: (what: string) => void;
    /** Id of an operation that another machine worked on and that is known to be gone there. */
    breakLock?: string;
    /** Ids of volumes whose image is not seen to be primary where it is served: who has one is not started. Defaults to none. */
    unproven?: readonly string[];
    /** Verb of the move that the servers are stopped for, when it follows in the same command; for who goes on. */
    before?: string;
}

export type Stopped = Pick<ServerPlan, "id" | "name">;

/** What a step's record says of a server that was deleted. */
const DELETED = "deleted";

/** The step of a server's start. */
export const startOf = (id: string): string => `${id} start`;

/**
 * Servers that wait for their start, in the order of their stops. One that was started since is its owner's again: the
 * journal stays open for others, and takes later stops.
 */
export function waitingIn({ entries }: Journal): Stopped[] {
    const waiting = new Map<string, Stopped>();
    for (const { kind, step = "", data } of entries) {
        const [id = ""] = step.split(" ");
        if (kind === "planned")
            for (const server of (data as { servers: Stopped[] }).servers)
                waiting.set(server.id, server);
        else if (kind === "done" && (step === startOf(id) || data === DELETED)) waiting.delete(id);
    }
    return [...waiting.values()];
}

/** Does the same to every server; one that fails is a problem of its own, one that was deleted is done. */
export async function onEach(
    { batch, signal, found, doing }: PowerOptions,
    servers: readonly Stopped[],
    what: string,
    work: (server: Stopped) => Promise<string>,
): Promise<{ done: number; failed: number }> {
    const count = { done: 0, failed: 0 };
    await inParallel(servers, batch, signal, async (server) => {
        const subject = `${server.name} (${server.id})`;
        doing(`${what}: ${subject}`);
        const start = performance.now();
        try {
            const result = await work(server);
            count.done++;
            const seconds = Math.round(performance.now() - start) / 1000;
            if (result === DELETED) found({ state: "warning", subject, fact: GONE });
            else found({ state: "ok", subject, fact: what, seconds });
        } catch (error) {
            if (error instanceof InterruptedError) throw error;
            count.failed++;
            found({
                state: "problem",
                subject,
                fact: wordsOf(error),
                next: "see to this server, then run the same command again",
            });
        }
    });
    return count;
}

/** Like {@link settle}; says {@link DELETED} of a server that Nova no longer knows. */
export async function settleOrGone(...of: Parameters<typeof settle>): Promise<string> {
    try {
        return await settle(...of);
    } catch (error) {
        if (error instanceof GoneError) return DELETED;
        throw error;
    }
}

/**
 * Stops every running server that has a volume of the backend, and remembers which, for `--start`. One whose
 * compute host is down is named and left: nobody there takes the order.
 * @param agree called with the servers that are left, if any, before anything is stopped; throws to refuse
 * @returns how many failed
 */
export async function stopServers(
    options: PowerOptions,
    agree: (lost: readonly Stopped[]) => void = () => undefined,
): Promise<number> {
    const { topology, backend, cinder, nova, signal, found } = options;
    const own = await backendKey(options, backend);
    const view = await lookAtServers(cinder, nova, topology, backend, signal);
    const active = view.plans.filter(({ status }) => status === "ACTIVE");
    const lost = active.filter(isHostDown);
    for (const plan of lost)
        found({
            state: "warning",
            subject: `${plan.name} (${plan.id})`,
            fact: `is not stopped: ${hostDown(plan)}; its guest may still run and write`,
            next: `be sure that ${plan.host} is off, or bring its nova-compute back and stop the server; the move counts its volumes as attached`,
        });
    if (lost.length > 0) agree(lost);
    const running = active.filter((plan) => !isHostDown(plan));
    const open = openJournalOf(STOP, own);
    if (running.length === 0 && open === undefined) return 0;
    const journal =
        open === undefined
            ? Journal.create({
                  id: newOperationId("servers-stop", backend.section),
                  verb: STOP,
                  ...own,
                  who: whoAmI(),
                  version: options.version,
                  flags: { ...options.source, before: options.before },
              })
            : Journal.resume(open, undefined, [], options.breakLock);
    try {
        const servers = running.map(({ id, name }) => ({ id, name }));
        journal.append({ kind: "planned", data: { servers } });
        const { failed } = await onEach(options, servers, "stopped", (server) =>
            journal.always(`${server.id} stop`, () =>
                settleOrGone({ nova, signal }, server, "os-stop", ["SHUTOFF"]),
            ),
        );
        const again = `cinder-dr servers --backend ${backend.section}`;
        journal.end({
            // To be gone on with: by --start.
            outcome: "partial",
            fact: `${String(waitingIn(journal).length - failed)} servers are stopped`,
            left: [`after the failover: \`${again} --reattach\`, then \`${again} --start\``],
        });
        return failed;
    } finally {
        journal.close();
    }
}
