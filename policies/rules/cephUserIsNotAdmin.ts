import { aboutStanzas } from "../about";
import type { ResourceRule } from "../rule";

export const cephUserIsNotAdmin: ResourceRule = {
    name: "ceph-user-is-not-admin",
    demand: "Cinder uses a Ceph user of its own, never client.admin",
    why: "The keyring lies on every Cinder host and its key in libvirt on every compute node: with it goes the whole cluster",
    source: "Ceph documentation, user management; Cinder documentation, RBD driver",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [7],
    judge: aboutStanzas(function* (stanza) {
        const users = [
            stanza.value("rbd_user"),
            ...stanza.devices.map(({ pairs }) => pairs.get("user")),
        ];
        if (users.some((user) => user === "admin" || user?.startsWith("client.") === true))
            yield "uses client.admin or writes a user with 'client.'; create a user with 'profile rbd' caps and write its bare name";
    }),
};
