import { aboutDevices } from "../about";
import { backendIdOf } from "../facts/stanzas";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";

export const backendIdIsAClusterName: ResourceRule = {
    name: "backend-id-is-a-cluster-name",
    demand: "A backend_id is a Ceph client cluster name and not reserved",
    why: "It is passed to Ceph as the cluster's name and to Cinder as the failover target; default means failback, and an empty one matches a service that is not failed over",
    source: "cinder/volume/drivers/rbd.py _parse_replication_configs, _do_setup_replication",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [2, 15],
    checks: [9],
    judge: aboutDevices(function* (device) {
        const id = backendIdOf(device);
        if (id === undefined || id === "")
            yield "replication_device has no backend_id; add backend_id:<cluster name of the target>";
        else if (id.toLowerCase() === "default")
            yield `has the backend_id ${quoted(id)}, which Cinder reserves for failback; name the target's cluster`;
        else if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(id))
            yield `has the backend_id ${quoted(id)}; use letters, digits, '_' and '-'`;
    }),
};
