import { isHostDown } from "../core/evacuation";
import { connectionFault } from "../core/servers";
import type { ServerPlan } from "../core/serverPlan";
import { CureError, lookAt, SERVER_SECONDS, type Cures } from "./serverLook";
import { waitFor } from "./wait";

const ENDED = new Set(["ACTIVE", "SHUTOFF"]);

/** Nova makes the connections anew first, and names the new host a moment after its work on the server has ended. */
async function isConnected({ cinder, expected }: Cures, plan: ServerPlan): Promise<boolean> {
    const attachments = await cinder.attachmentsOf(plan.id);
    return plan.volumes.every(({ volumeId }) => {
        const own = attachments.find((a) => a.volume_id === volumeId && a.instance === plan.id);
        const info = own?.connection_info ?? {};
        return info.cluster_name !== undefined && connectionFault(info, expected) === undefined;
    });
}

/** Has Nova build a server anew on another host, with connections that are new as well; a server that has moved is waited for. */
export async function evacuate(at: Cures, plan: ServerPlan): Promise<void> {
    const { nova, signal } = at;
    const { id, name, host } = plan;
    const first = await lookAt(nova, plan);
    const isAtRest = first.host === host && first.taskState === undefined;
    if (isAtRest && !(await isConnected(at, plan))) {
        if (!isHostDown(first))
            throw new CureError(
                `compute host ${host} of server ${name} (${id}) reports again: nothing was evacuated`,
            );
        await nova.evacuate(id);
    }
    let last = "";
    await waitFor(
        async () => {
            const server = await lookAt(nova, plan);
            const { status, taskState } = server;
            last = `${status}${taskState === undefined ? "" : `, ${taskState}`} on ${server.host}`;
            if (taskState !== undefined) return undefined;
            if (status === "ERROR")
                throw new CureError(
                    `server ${name} (${id}) is in ERROR after evacuate: ${server.faultMessage ?? "see nova-conductor's log"}`,
                );
            return server.host !== host && ENDED.has(status) ? true : undefined;
        },
        {
            what: `server ${name} (${id}) to be up on another host than ${host}`,
            seconds: SERVER_SECONDS,
            signal,
            last: () => last,
        },
    );
}
