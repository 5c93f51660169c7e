import { wordsOf } from "../core/problem";
import type { Finding } from "../core/finding";
import type { Source } from "../core/operation";
import type { ServerPlan } from "../core/servers";
import type { Backend } from "../core/topology";
import type { Cinder } from "./cinder";
import { Journal, newOperationId, whoAmI } from "./journal";
import { openJournalOf } from "./journalFolder";
import type { Nova } from "./nova";
import { inParallel } from "./parallel";
import { lookAtServers, ServersError } from "./servers";
import { settle } from "./serversReattach";
import { InterruptedError } from "./wait";

const STOP = "servers --stop";

/** Id of the stop whose servers wait for their start. */
export const unfinishedStop = (section: string): string | undefined => openJournalOf(STOP, section);

export interface PowerOptions {
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
    /** Verb of the move that the servers are stopped for, when it follows in the same command; for who goes on. */
    before?: string;
}

/** Ids in the order of the plans that a journal of --stop names, each once. */
const stoppedIn = (journal: Journal): Pick<ServerPlan, "id" | "name">[] => {
    const all = journal.entries
        .filter(({ kind }) => kind === "planned")
        .flatMap(({ data }) => (data as { servers: Pick<ServerPlan, "id" | "name">[] }).servers);
    return [...new Map(all.map((server) => [server.id, server])).values()];
};

/** Does the same to every server; one that fails is a problem of its own. @returns how many failed */
async function onEach(
    { batch, signal, found, doing }: PowerOptions,
    servers: readonly Pick<ServerPlan, "id" | "name">[],
    what: string,
    work: (server: Pick<ServerPlan, "id" | "name">) => Promise<unknown>,
): Promise<number> {
    let failed = 0;
    await inParallel(servers, batch, signal, async (server) => {
        const subject = `${server.name} (${server.id})`;
        doing(`${what}: ${subject}`);
        const start = performance.now();
        try {
            await work(server);
            const seconds = Math.round(performance.now() - start) / 1000;
            found({ state: "ok", subject, fact: what, seconds });
        } catch (error) {
            if (error instanceof InterruptedError) throw error;
            failed++;
            found({
                state: "problem",
                subject,
                fact: wordsOf(error),
                next: "see to this server, then run the same command again",
            });
        }
    });
    return failed;
}

/**
 * Stops every running server that has a volume of the backend, and remembers which, for {@link startServers}.
 * @returns how many failed
 */
export async function stopServers(options: PowerOptions): Promise<number> {
    const { backend, cinder, nova, signal } = options;
    const view = await lookAtServers(cinder, nova, backend, signal);
    const running = view.plans.filter(({ status }) => status === "ACTIVE");
    const open = unfinishedStop(backend.section);
    if (running.length === 0 && open === undefined) return 0;
    const journal =
        open === undefined
            ? Journal.create({
                  id: newOperationId("servers-stop", backend.section),
                  verb: STOP,
                  backend: backend.section,
                  who: whoAmI(),
                  version: options.version,
                  flags: { ...options.source, before: options.before },
              })
            : Journal.resume(open, undefined, [], options.breakLock);
    try {
        const servers = running.map(({ id, name }) => ({ id, name }));
        journal.append({ kind: "planned", data: { servers } });
        const failed = await onEach(options, servers, "stopped", (server) =>
            journal.always(`${server.id} stop`, () =>
                settle({ nova, signal }, server, "os-stop", ["SHUTOFF"]),
            ),
        );
        const all = stoppedIn(journal);
        const again = `cinder-dr servers --backend ${backend.section}`;
        journal.end({
            // To be gone on with: by --start.
            outcome: "partial",
            fact: `${String(all.length - failed)} servers are stopped`,
            left: [`after the failover: \`${again} --reattach\`, then \`${again} --start\``],
        });
        return failed;
    } finally {
        journal.close();
    }
}

/**
 * Starts the servers that {@link stopServers} has stopped, once their connections lead to the active site.
 * @returns how many failed
 * @throws ServersError when one still leads to the other site: a start would keep that connection
 */
export async function startServers(options: PowerOptions): Promise<number> {
    const { backend, cinder, nova, signal } = options;
    const open = unfinishedStop(backend.section);
    if (open === undefined)
        throw new ServersError(
            `no server of backend ${backend.section} was stopped by servers --stop on this machine`,
        );
    const { plans } = await lookAtServers(cinder, nova, backend, signal);
    const journal = Journal.resume(open, undefined, [], options.breakLock);
    try {
        const servers = stoppedIn(journal);
        const wrong = plans.filter(
            ({ id, cure }) => cure !== "none" && servers.some((s) => s.id === id),
        );
        if (wrong.length > 0)
            throw new ServersError(
                `${wrong.map(({ id, name }) => `${name} (${id})`).join(", ")} still leads to the other site, and a start would keep that: run servers --reattach first`,
            );
        const failed = await onEach(options, servers, "started", (server) =>
            journal.always(`${server.id} start`, () =>
                settle({ nova, signal }, server, "os-start", ["ACTIVE"]),
            ),
        );
        journal.end({
            outcome: failed === 0 ? "done" : "partial",
            fact: `${String(servers.length - failed)} of ${String(servers.length)} servers are started`,
            left: [],
        });
        return failed;
    } finally {
        journal.close();
    }
}
