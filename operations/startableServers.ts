import { byEvacuation, isHostDown } from "../core/evacuation";
import type { Finding } from "../core/finding";
import { resultOf } from "../core/operation";
import type { ServerPlan } from "../core/serverPlan";
import { isOther, sectionOf, serviceOf } from "../core/service";
import { hostOf } from "../core/volume";
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

/** A start on an image that takes no writes would end in I/O errors, whatever its connection says. */
function onUnproven(
    { volumes }: ServerPlan,
    unproven: readonly string[] = [],
): Pick<Finding, "fact" | "next"> | undefined {
    const volume = volumes.find(({ volumeId }) => unproven.includes(volumeId));
    return volume === undefined
        ? undefined
        : {
              fact: `is not started: the image of its volume ${volume.volumeName} (${volume.volumeId}) is not seen to be primary on the active site`,
              next: "`cinder-dr status --volumes` says what it lacks; start the server once it is",
          };
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

/**
 * Why a server is not started that has no attachment of the backend: a volume of it may lie there all the same, or on a
 * service that the topology does not count as the backend's; whether it would lead to the active site is not to be seen.
 */
async function unplanned(
    { backend, cinder, nova }: PowerOptions,
    { id }: Stopped,
): Promise<Pick<Finding, "fact" | "next"> | undefined> {
    // Of one that was deleted it is none.
    const known = (await nova.attachmentsOf(id)).map(({ volumeId }) => volumeId);
    if (known.length === 0) return undefined;
    const volume = (await cinder.allVolumes()).find(
        (one) => known.includes(one.id) && sectionOf(hostOf(one)) === backend.section,
    );
    if (volume === undefined) return undefined;
    const host = serviceOf(hostOf(volume));
    return isOther(backend, host)
        ? {
              fact: `is not started: its volume ${volume.id} is on ${host}, which backends.${backend.section}.otherHosts leaves out`,
              next: "name the topology that it was stopped with; or start it by hand once it may run",
          }
        : {
              fact: `is not started: Nova says that its volume ${volume.id} on ${host} is attached, and Cinder has no attachment of it`,
              next: "see to that attachment, then start it by hand",
          };
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
            : plan === undefined
              ? await unplanned(options, server)
              : (heldBack(plan, section) ?? onUnproven(plan, options.unproven));
        if (why === undefined) may.push(server);
        else found({ state: "problem", subject: `${server.name} (${server.id})`, ...why });
    }
    return may;
}
