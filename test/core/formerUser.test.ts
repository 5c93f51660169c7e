import assert from "node:assert/strict";

import { describeAttachments, namedBy, neededAs, sessionsOf } from "../../core/formerUser";
import { parseTopology } from "../../core/topology";
import { goodTopology, HOST_KEY, withValue } from "../support/topology";

const attachment = (id: string, auth_username?: string) => ({
    id,
    volume_id: `v${id}`,
    instance: `s${id}`,
    connection_info: auth_username === undefined ? {} : { auth_username },
});

describe("a former user", () => {
    it("is none while the topology needs it", () => {
        const topology = parseTopology({
            ...withValue("backends/ceph/replicationDevice/user", "cinder-lyon"),
            mirroring: {},
            sites: {
                primary: {
                    ...goodTopology().sites.primary,
                    watchUser: "watch",
                    rbdMirror: { hosts: { "ceph-1": { hostKey: HOST_KEY } } },
                },
                secondary: { ...goodTopology().sites.secondary, cephUser: "keeper" },
            },
        });
        const needed: [user: string, as: string | undefined][] = [
            ["cinder", "backends.ceph.user"],
            ["cinder-lyon", "backends.ceph.replicationDevice.user"],
            ["watch", "sites.primary.watchUser"],
            ["keeper", "sites.secondary.cephUser"],
            ["rbd-mirror.ceph-1", "sites.primary.rbdMirror.hosts.ceph-1.cephUser"],
            ["admin", "Ceph's administrator"],
            ["rbd-mirror-peer", "the peers' user"],
            ["cinder-old", undefined],
        ];
        for (const [user, as] of needed) assert.equal(neededAs(topology, user), as, user);
    });

    it("is named by attachments whose server was given it", () => {
        const all = [attachment("1", "cinder"), attachment("2", "cinder-2"), attachment("3")];
        const without = { id: "4", volume_id: "v4", connection_info: null };
        assert.deepEqual(
            namedBy([...all, without], "cinder").map(({ id }) => id),
            ["1"],
        );
    });

    it("is described by the first attachments and a count", () => {
        const many = Array.from({ length: 12 }, (_, i) => attachment(String(i), "cinder"));
        const text = describeAttachments(many, 2);
        assert.equal(text, "volume v0 on server s0, volume v1 on server s1 and 10 more");
        const own = { id: "a", volume_id: "v", instance: null };
        assert.equal(describeAttachments([own]), "volume v on attachment a");
    });

    it("is connected where a monitor has a session of just this user", () => {
        const session = (entity_name: string, remote_host?: string) => ({
            entity_name,
            socket_addr: { addr: "192.0.2.9:0" },
            remote_host,
        });
        const text = JSON.stringify([
            session("client.cinder", "compute-1"),
            session("client.cinder-2"),
            session("mgr.x"),
            session("client.cinder"),
        ]);
        assert.deepEqual(sessionsOf(text, "cinder"), ["192.0.2.9:0 (compute-1)", "192.0.2.9:0"]);
    });
});
