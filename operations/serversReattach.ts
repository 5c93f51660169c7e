import { connectionFault, type ServerVolume } from "../core/servers";
import { toReattach, type ServerPlan } from "../core/serverPlan";
import type { Journal } from "./journal";
import type { ServerAction } from "./nova";
import { CureError, lookAt, SERVER_SECONDS, type Cures } from "./serverLook";
import { evacuate } from "./serversEvacuate";
import { waitFor } from "./wait";

/** libvirt asks a guest up to 8 times, 20 s each, to let go of a disk. */
const DETACH_SECONDS = 300;
const ATTACH_SECONDS = 180;
const provesStep = (id: string): string => `${id} prove`;

/** How often a server got its cure and still led elsewhere. */
export const attemptOf = (journal: Journal, id: string): number =>
    journal.entries.filter(({ kind, step }) => kind === "failed" && step === provesStep(id)).length;

export const isProven = (journal: Pick<Journal, "result">, id: string): boolean =>
    journal.result(provesStep(id)) !== undefined;

/** Takes one server through its cure; each step looks before it acts, so that a killed run can go on. */
export async function cure(at: Cures, plan: ServerPlan): Promise<void> {
    const attempt = attemptOf(at.journal, plan.id);
    const prefix = attempt === 0 ? plan.id : `${plan.id} again ${String(attempt)}`;
    const step = <T>(what: string, work: () => Promise<T>) =>
        at.journal.step(`${prefix} ${what}`, work);
    // Unshelving starts a server, also one that was stopped; and so does an evacuation out of ERROR, after one that failed.
    const stopAgain = async () => {
        if (plan.status === "SHUTOFF")
            await step("stop", () => settle(at, plan, "os-stop", ["SHUTOFF"]));
    };
    if (plan.cure === "evacuate") {
        await step("evacuate", () => evacuate(at, plan));
        await stopAgain();
    } else if (plan.cure === "shelve") {
        await step("shelve", () => shelve(at, plan));
        await step("unshelve", () => settle(at, plan, "unshelve", ["ACTIVE"]));
        await stopAgain();
    } else
        for (const volume of toReattach(plan)) {
            await step(`detach ${volume.volumeId}`, () => detach(at, plan, volume));
            await step(`attach ${volume.volumeId}`, () => attach(at, plan, volume));
        }
    await at.journal.always(provesStep(plan.id), () => prove(at, plan));
}

async function shelve(at: Cures, plan: ServerPlan): Promise<void> {
    const status = await settle(at, plan, "shelve", ["SHELVED", "SHELVED_OFFLOADED"]);
    // A cloud that keeps shelved servers on their host for a while would keep their connections there too.
    if (status === "SHELVED") await settle(at, plan, "shelveOffload", ["SHELVED_OFFLOADED"]);
}

/** Asks for an action unless the server is there already, and waits until it is and Nova is done with it. */
export async function settle(
    { nova, signal }: Pick<Cures, "nova" | "signal">,
    { id, name }: Pick<ServerPlan, "id" | "name">,
    action: ServerAction,
    wanted: readonly string[],
): Promise<string> {
    let last = "";
    const look = async () => {
        const server = await lookAt(nova, { id, name });
        last = `${server.status}${server.taskState === undefined ? "" : `, ${server.taskState}`}`;
        if (server.taskState === undefined && server.status === "ERROR")
            throw new CureError(
                `server ${name} (${id}) is in ERROR after ${action}: ${server.faultMessage ?? "see nova-compute's log"}`,
            );
        return server;
    };
    const first = await look();
    if (!wanted.includes(first.status) && first.taskState === undefined) await nova.act(id, action);
    return waitFor(
        async () => {
            const server = await look();
            const there = wanted.includes(server.status) && server.taskState === undefined;
            return there ? server.status : undefined;
        },
        {
            what: `server ${name} (${id}) to be ${wanted.join(" or ")} after ${action}`,
            seconds: SERVER_SECONDS,
            signal,
            last: () => last,
        },
    );
}

async function detach(at: Cures, { id, name }: ServerPlan, volume: ServerVolume): Promise<void> {
    const { cinder, nova, signal } = at;
    const isThere = async () =>
        (await nova.attachmentsOf(id)).some(({ volumeId }) => volumeId === volume.volumeId);
    let last = "";
    const status = async () => (last = (await cinder.volume(volume.volumeId))?.status ?? "gone");
    if ((await isThere()) && (await status()) === "in-use") await nova.detach(id, volume.volumeId);
    await waitFor(
        async () => ((await status()) === "available" && !(await isThere()) ? true : undefined),
        {
            what: `server ${name} to let go of volume ${volume.volumeName} (${volume.volumeId}); a guest that hangs does not: stop the server, then go on`,
            seconds: DETACH_SECONDS,
            signal,
            last: () => last,
        },
    );
}

async function attach(at: Cures, { id, name }: ServerPlan, volume: ServerVolume): Promise<void> {
    const { cinder, nova, signal } = at;
    const known = await nova.attachmentsOf(id);
    if (!known.some(({ volumeId }) => volumeId === volume.volumeId))
        await nova.attach(id, {
            volumeId: volume.volumeId,
            ...(volume.tag === undefined ? {} : { tag: volume.tag }),
            delete_on_termination: volume.deleteOnTermination,
        });
    let last = "";
    await waitFor(
        async () => {
            last = (await cinder.volume(volume.volumeId))?.status ?? "gone";
            if (last === "in-use") return true;
            // Nova's API has answered well, and the host then failed: the volume silently goes back.
            const attached = await nova.attachmentsOf(id);
            if (last === "available" && !attached.some((a) => a.volumeId === volume.volumeId))
                throw new CureError(
                    `volume ${volume.volumeName} (${volume.volumeId}) is detached from server ${name} (${id}), and attaching it failed on the compute host: see nova-compute's log there (a libvirt secret that is missing or holds the other cluster's key?), then run this again`,
                );
            return undefined;
        },
        {
            what: `volume ${volume.volumeName} to be attached to server ${name}`,
            seconds: ATTACH_SECONDS,
            signal,
            last: () => last,
        },
    );
}

/** By the connections that Cinder now stores for this server; each of the plan's volumes must have one. */
async function prove({ cinder, expected }: Cures, plan: ServerPlan): Promise<true> {
    // Of this server alone: those of the whole cloud for each of 1,000 servers would be a million of them.
    const attachments = await cinder.attachmentsOf(plan.id);
    for (const { volumeId, volumeName, fault } of plan.volumes) {
        const own = attachments.filter((a) => a.volume_id === volumeId && a.instance === plan.id);
        const [attachment] = own;
        if (attachment === undefined || own.length > 1)
            throw new CureError(
                `volume ${volumeName} (${volumeId}) has ${String(own.length)} attachments to server ${plan.name}, must have one`,
            );
        const info = attachment.connection_info ?? {};
        const left = connectionFault(info, expected);
        if (left !== undefined)
            throw new CureError(
                `volume ${volumeName} (${volumeId}) is attached anew, and ${left}${
                    info.cluster_name === expected.cluster_name
                        ? ": restart cinder-volume, which still hands this out, then run this again"
                        : ""
                }`,
            );
        if (fault !== undefined && info.cluster_name === undefined)
            throw new CureError(`volume ${volumeName} (${volumeId}) has no connection yet`);
    }
    return true;
}
