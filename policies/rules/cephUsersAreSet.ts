import { aboutDevices } from "../about";
import type { ResourceRule } from "../rule";

export const cephUsersAreSet: ResourceRule = {
    name: "ceph-users-are-set",
    demand: "A replicated backend sets rbd_user and the device a user",
    why: "Without rbd_user the primary is used without cephx and the target with the literal user cinder: a failover changes how servers authenticate",
    source: "cinder/volume/drivers/rbd.py _parse_replication_configs",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [19],
    checks: [],
    judge: aboutDevices(function* ({ pairs }, stanza) {
        const user = stanza.value("rbd_user");
        if (stanza.whole && (user === undefined || user === ""))
            yield "has no rbd_user; add the Ceph user, without 'client.'";
        if ((pairs.get("user") ?? "") === "")
            yield "replication_device has no user; add user:<Ceph user on the target>";
    }),
};
