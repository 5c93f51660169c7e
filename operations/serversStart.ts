import type { Finding } from "../core/finding";
import { byEvacuation, isHostDown } from "../core/evacuation";
import { resultOf } from "../core/operation";
import type { ServerPlan } from "../core/serverPlan";
import { Journal } from "./journal";
import { readJournal } from "./journalFolder";
import { lookAtServers, ServersError } from "./servers";
import {
    onEach,
    settleOrGone,
    startOf,
    unfinishedStop,
    waitingIn,
    type PowerOptions,
    type Stopped,
} from "./serversPower";
import { unfinishedReattach } from "./serversSession";
import { unprovenIn } from "./sessionPlan";

/** Why a server is not started, and what to do first; undefined when it may be. */
function heldBack(plan: ServerPlan, section: string): Pick<Finding, "fact" | "next"> | undefined {
    if (plan.cure !== "none")
        return {
            fact: "still leads to the other site, and a start would keep that",
            next:
                plan.cure === "by hand"
                    ? `by hand: ${plan.why}`
                    : `run \`cinder-dr servers --backend ${section} --reattach\` first`,
        };
    return isHostDown(plan)
        ? {
              fact: "is not started: nobody on its compute host takes the order",
              next: byEvacuation(plan),
          }
        : undefined;
}

/** Servers that an unfinished re-attach has taken a volume from: a start would bring them up without it. */
function strippedBy(section: string, plans: readonly ServerPlan[]): Set<string> {
    const open = unfinishedReattach(section);
    if (open === undefined) return new Set();
    const entries = readJournal(open);
    const result = (step: string): unknown => resultOf(entries, step)?.data;
    const lacks = ({ id, volumes }: ServerPlan): boolean => {
        const now = plans.find((plan) => plan.id === id)?.volumes ?? [];
        return volumes.some((v) => !now.some(({ volumeId }) => volumeId === v.volumeId));
    };
    return new Set(
        unprovenIn({ entries, result })
            .filter(lacks)
            .map(({ id }) => id),
    );
}

/** Names the servers that must not be started as they are. @returns the others */
async function startable(
    { topology, backend, cinder, nova, signal, found }: PowerOptions,
    servers: readonly Stopped[],
): Promise<Stopped[]> {
    const { section } = backend;
    const { plans } = await lookAtServers(cinder, nova, topology, backend, signal);
    const stripped = strippedBy(section, plans);
    const may: Stopped[] = [];
    for (const server of servers) {
        const plan = plans.find(({ id }) => id === server.id);
        const isStripped =
            stripped.has(server.id) &&
            // Of one that was deleted nothing is to be found either.
            (plan !== undefined || (await nova.server(server.id)) !== undefined);
        const why = isStripped
            ? {
                  fact: "is not started: its re-attach is not finished, and a volume of it is detached",
                  next: `run \`cinder-dr servers --backend ${section} --reattach\` first`,
              }
            : plan && heldBack(plan, section);
        if (why === undefined) may.push(server);
        else found({ state: "problem", subject: `${server.name} (${server.id})`, ...why });
    }
    return may;
}

/** What became of the servers that were to be started. */
export interface Started {
    /** Started, or deleted meanwhile. */
    done: number;
    failed: number;
    /** Named and left, since they may not be started as they are. */
    held: number;
}

/**
 * Starts the servers that `--stop` has stopped and whose connections lead to the active site; the others are
 * named and wait on: a start would keep the connection that they have.
 * @throws ServersError when there is none to start, or the active site is not known
 */
export async function startServers(options: PowerOptions): Promise<Started> {
    const { backend, nova, signal } = options;
    const open = unfinishedStop(backend.section);
    if (open === undefined)
        throw new ServersError(
            `no server of backend ${backend.section} was stopped by servers --stop on this machine`,
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
