import {
    byEvacuation,
    hostDown,
    isEvacuable,
    isHostDown,
    noTaker,
    type Evacuation,
} from "./evacuation";
import type { Server, ServerVolume } from "./servers";

/**
 * reattach: detach and attach each data volume; shelve: shelve and unshelve the whole server; evacuate: have it built anew
 * on another host, since its own is down and known to be off.
 */
export type Cure = "none" | "reattach" | "shelve" | "evacuate" | "by hand";

export interface ServerPlan extends Server {
    volumes: ServerVolume[];
    cure: Cure;
    /** Why this cure, and for one by hand the commands. */
    why: string;
}

const STABLE = new Set(["ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"]);
/** Nova attaches to these without starting anything. */
const ATTACHABLE = new Set(["ACTIVE", "SHUTOFF", "PAUSED"]);

/** The one way out of ERROR, and the way that keeps local disks; seen with Nova 26. */
export const byRefresh = ({ id, host }: Server, volumes: readonly ServerVolume[]): string =>
    [
        `openstack server stop ${id}`,
        `on ${host}: nova-manage volume_attachment get_connector --json > connector.json`,
        ...volumes.map(
            ({ volumeId }) =>
                `on ${host}: nova-manage volume_attachment refresh ${id} ${volumeId} connector.json`,
        ),
        `openstack server start ${id}`,
    ].join("; ");

/** The way of a volume whose image the active site does not have: with `in-use` it would be detached, and not come back. */
function withoutIt(server: Server, { volumeId, volumeName, ...volume }: ServerVolume): string {
    const fact = `volume ${volumeName} (${volumeId}) is not replicated: its data is on ${volume.onlyOn ?? ""} only; it comes back with the failback`;
    if (volume.isRoot) return `${fact}, and the server boots from it`;
    if (isHostDown(server))
        return `${fact}, and Nova neither detaches it before nor evacuates a server with it, which ends in ERROR`;
    // Nova asks Cinder for the detachment, which refuses it in any other status.
    const reset =
        volume.status === "in-use"
            ? ""
            : `\`cinder reset-state --state in-use ${volumeId}\`, then `;
    return `${fact}; to serve without it, detach it (${reset}\`openstack server remove volume ${server.id} ${volumeId}\`), and attach it again after the failback`;
}

const brokenVolume = ({ volumeId, volumeName, status }: ServerVolume): string =>
    `volume ${volumeName} (${volumeId}) is '${status}' in Cinder, which refuses attachments then: bring it to 'in-use' first (\`cinder reset-state --state in-use ${volumeId}\` once its data is known to be good)`;

type Way = Pick<ServerPlan, "cure" | "why">;

const byHand = (why: string): Way => ({ cure: "by hand", why });

/** Of a server whose own status lets nothing be done to it; undefined of any other. */
function wayOfStatus(server: Server, wrong: readonly ServerVolume[]): Way | undefined {
    const { id, status, taskState } = server;
    if (server.locked) return byHand(`openstack server unlock ${id}, then run this again`);
    if (taskState !== undefined)
        return byHand(`Nova is at work on it (${taskState}): run this again when it is done`);
    if (STABLE.has(status)) return undefined;
    if (status === "ERROR") return byHand(`it is in ERROR: ${byRefresh(server, wrong)}`);
    if (status === "SHELVED")
        return byHand(
            `it is SHELVED and not offloaded, and so keeps its connection: \`openstack server shelve --offload ${id}\` (\`nova shelve-offload ${id}\`); its unshelve then fetches a new one`,
        );
    return byHand(`Nova's status is ${status}: bring it to ACTIVE or SHUTOFF, then run this again`);
}

/** Of a server whose host is down: the word that the host is off is the operator's. */
function wayOfLost(server: Server, { off, computes }: Evacuation): Way {
    if (!isEvacuable(server)) return byHand(byEvacuation(server));
    const untaken = noTaker(computes, server.host);
    if (untaken !== undefined)
        return byHand(`${hostDown(server)}, and ${untaken}: bring one up, then run this again`);
    if (off.includes(server.host))
        return {
            cure: "evacuate",
            why: `${hostDown(server)}: evacuate, it comes up on another host, without its local disks`,
        };
    return byHand(
        `${byEvacuation(server)}; \`--reattach --evacuate ${server.host}\` does that for all its servers`,
    );
}

/** @param wrong volumes that do not lead to the active site; their data is there */
function wayOf(server: Server, wrong: readonly ServerVolume[], evacuation: Evacuation): Way {
    const broken = wrong.find(({ status }) => status !== "in-use");
    if (isHostDown(server)) {
        const way = wayOfLost(server, evacuation);
        return broken === undefined
            ? way
            : byHand(`${brokenVolume(broken)}; then ${byEvacuation(server)}`);
    }
    if (broken !== undefined) return byHand(brokenVolume(broken));
    const way = wayOfStatus(server, wrong);
    if (way !== undefined) return way;
    if (wrong.some(({ isRoot }) => isRoot))
        return server.ephemeral > 0 || server.swap > 0
            ? byHand(
                  `it boots from the volume, and shelving would lose its ephemeral disk or swap: ${byRefresh(server, wrong)}`,
              )
            : {
                  cure: "shelve",
                  why: "it boots from the volume: shelve and unshelve, it may come up on another host",
              };
    if (!ATTACHABLE.has(server.status))
        return byHand(
            `Nova attaches nothing to a ${server.status} server: resume it, then run this again`,
        );
    return {
        cure: "reattach",
        why: `detach and attach ${String(wrong.length)} data volume(s)`,
    };
}

/** Of a server with volumes that stayed on the site that was left: those first, and by hand. */
function wayWithStayed(
    server: Server,
    wrong: readonly ServerVolume[],
    evacuation: Evacuation,
): Way {
    const stayed = wrong.filter(({ onlyOn }) => onlyOn !== undefined);
    const others = wrong.filter(({ onlyOn }) => onlyOn === undefined);
    const why = stayed.map((volume) => withoutIt(server, volume)).join("; ");
    if (isHostDown(server)) return byHand(`${hostDown(server)}; ${why}`);
    if (others.length === 0 || stayed.some(({ isRoot }) => isRoot)) return byHand(why);
    return byHand(`${why}; without it, run this again: ${wayOf(server, others, evacuation).why}`);
}

/** What one server needs. Reboot, hard reboot, and stop with start keep the old connection, and are never the answer. */
export function planServer(
    server: Server,
    volumes: readonly ServerVolume[],
    evacuation: Evacuation = { off: [], computes: [] },
): ServerPlan {
    const wrong = volumes.filter(({ fault }) => fault !== undefined);
    const plan = (way: Way): ServerPlan => ({ ...server, volumes: [...volumes], ...way });
    if (wrong.length === 0)
        return plan({ cure: "none", why: "its connections lead to the active site" });
    return plan(
        wrong.some(({ onlyOn }) => onlyOn !== undefined)
            ? wayWithStayed(server, wrong, evacuation)
            : wayOf(server, wrong, evacuation),
    );
}

/** Worst first is of no use here: in the order of their names, so that two runs do the same. */
export const inOrder = (plans: readonly ServerPlan[]): ServerPlan[] =>
    [...plans].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));

/** Data volumes by device, so that each gets back the first name that is free: its own. */
export const toReattach = ({ volumes }: ServerPlan): ServerVolume[] =>
    volumes
        .filter(({ fault, isRoot }) => fault !== undefined && !isRoot)
        .sort((a, b) => a.device.localeCompare(b.device));
