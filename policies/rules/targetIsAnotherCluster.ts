import { aboutDevices } from "../about";
import { backendIdOf } from "../facts/stanzas";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";

export const targetIsAnotherCluster: ResourceRule = {
    name: "target-is-another-cluster",
    demand: "The replication target is another cluster than the backend's own",
    why: "A backend_id or a conf that is the primary's connects to the primary again: a failover would demote and promote the same images",
    source: "cinder/volume/drivers/rbd.py _connect_to_rados",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [15],
    checks: [10],
    judge: aboutDevices(function* (device, stanza) {
        const id = backendIdOf(device);
        const own = stanza.value("rbd_cluster_name") ?? (stanza.whole ? "ceph" : undefined);
        if (id !== undefined && id === own)
            yield `has the backend_id ${quoted(id)}, its own rbd_cluster_name; name the target's cluster`;
        const [there, here] = [device.pairs.get("conf"), stanza.value("rbd_ceph_conf")];
        if (there !== undefined && there === here)
            yield `reaches the target with its own ${quoted(here)}; give the target a conf of its own`;
    }),
};
