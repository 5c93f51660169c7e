import { backendWords } from "../core/backendKey";
import type { Backend } from "../core/topology";
import { Journal } from "./journal";
import { openOperations } from "./journalFolder";
import { ServersError } from "./servers";
import {
    onEach,
    settleOrGone,
    startOf,
    STOP,
    unfinishedStop,
    waitingIn,
    type PowerOptions,
} from "./serversPower";
import { startable } from "./startableServers";

/** What became of the servers that were to be started. */
export interface Started {
    /** Started, or deleted meanwhile. */
    done: number;
    failed: number;
    /** Named and left, since they may not be started as they are. */
    held: number;
}

/** Stops of the section that are of another cloud, of other sites, or of before journals told it; a sentence each. */
const otherStops = ({ section }: Backend): string[] =>
    openOperations()
        .filter(({ verb, backend }) => verb === STOP && backend === section)
        .map(
            (begun) =>
                `operation ${begun.id} has stopped servers of ${backendWords(begun)}${begun.of === undefined ? ", and does not say of which cloud: start them by hand" : ""}; \`cinder-dr report ${begun.id}\` shows it`,
        );

/**
 * Starts the servers that `--stop` has stopped and whose connections lead to the active site; the others are
 * named and wait on: a start would keep the connection that they have.
 * @throws ServersError when there is none to start, or the active site is not known
 */
export async function startServers(options: PowerOptions): Promise<Started> {
    const { backend, nova, signal } = options;
    const open = await unfinishedStop(options);
    if (open === undefined)
        throw new ServersError(
            [
                `no server of backend ${backend.section} was stopped by servers --stop on this machine`,
                ...otherStops(backend),
            ].join("; "),
        );
    const journal = Journal.resume(open, undefined, [], options.breakLock);
    try {
        const servers = waitingIn(journal);
        const may = await startable(options, servers);
        const { done, failed } = await onEach(options, may, "started", (server) =>
            journal.always(startOf(server.id), () =>
                settleOrGone({ nova, signal }, server, "os-start", ["ACTIVE"]),
            ),
        );
        const waiting = waitingIn(journal);
        journal.end({
            outcome: waiting.length === 0 ? "done" : "partial",
            fact: `${String(done)} of ${String(servers.length)} servers are started`,
            left: waiting.map(({ id }) => `server ${id} is not started`),
        });
        return { done, failed, held: servers.length - may.length };
    } finally {
        journal.close();
    }
}
