import { OpenStackError } from "./openstack";
import type { Run } from "./run";

async function anyAttached({ parts }: Run, moved: readonly string[]): Promise<boolean> {
    try {
        const volumes = await parts.cinder.allVolumes();
        return volumes.some(
            ({ id, attachments = [] }) => moved.includes(id) && attachments.length > 0,
        );
    } catch (error) {
        // The move is done; an API that is away now is no reason to say less.
        if (error instanceof OpenStackError) return true;
        throw error;
    }
}

/** Says that servers keep their connection to the side that was left, where there are any and nobody re-attaches them. */
export async function leaveServers(run: Run, moved: readonly string[]): Promise<void> {
    if (run.reattaches === true || !(await anyAttached(run, moved))) return;
    run.left.push(
        `servers keep the old connection: \`cinder-dr servers --backend ${run.backend.section}\``,
    );
}
