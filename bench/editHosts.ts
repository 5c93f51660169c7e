import { rowsOf } from "../core/service";
import type { Cinder } from "../operations/cinder";
import { waitFor } from "../operations/wait";
import { LabHost } from "../test/lab/support";
import { bounded } from "./fleetMoves";

/**
 * Has every host's cinder.conf say something else, and its service read it.
 * @param edit a sed script
 * @param marks what the edited file must match
 */
export async function editHosts(cinder: Cinder, edit: string, marks: RegExp): Promise<void> {
    for (const name of ["cinder-a", "cinder-b"]) {
        const host = new LabHost(name);
        await host.sh(
            `sed -i '${edit}' /etc/cinder/cinder.conf && systemctl restart cinder-volume`,
        );
        if (!marks.test(await host.config())) throw new Error(`${name}: sed changed nothing`);
        host.close();
    }
    const from = new Date().toISOString();
    await waitFor(async () => {
        const rows = rowsOf(await cinder.services(), { section: "ceph", otherHosts: [] });
        const beat = ({ updated_at }: (typeof rows)[0]) => `${updated_at ?? ""}Z` > from;
        return rows.every((row) => row.state === "up" && beat(row)) ? true : undefined;
    }, bounded("cinder-volume to run again"));
}
