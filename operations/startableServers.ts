import { byEvacuation, isHostDown } from "../core/evacuation";
import type { Finding } from "../core/finding";
import { resultOf } from "../core/operation";
import type { ServerPlan } from "../core/serverPlan";
import { readJournal } from "./journalFolder";
import { lookAtServers } from "./servers";
import type { PowerOptions, Stopped } from "./serversPower";
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
async function strippedBy(
    options: PowerOptions,
    plans: readonly ServerPlan[],
): Promise<Set<string>> {
    const open = await unfinishedReattach(options);
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
export async function startable(
    options: PowerOptions,
    servers: readonly Stopped[],
): Promise<Stopped[]> {
    const { topology, backend, cinder, nova, signal, found } = options;
    const { section } = backend;
    const { plans } = await lookAtServers(cinder, nova, topology, backend, signal);
    const stripped = await strippedBy(options, plans);
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
