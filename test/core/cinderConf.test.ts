import assert from "node:assert/strict";

import { renderStanza } from "../../core/cinderConf";
import { hostRequest } from "../../core/hostRequest";
import { parseTopology } from "../../core/topology";
import { goodTopology, uuid, withValue } from "../support/topology";

const backendOf = (topology: unknown) => {
    const [backend] = parseTopology(topology).backends;
    assert.ok(backend);
    return backend;
};

describe("a backend's section of cinder.conf", () => {
    it("holds the driver, short timeouts and one replication device without a pool", () => {
        assert.equal(
            renderStanza(backendOf(withValue("backends/ceph/replicationDevice/pool", "volumes"))),
            `[ceph]
volume_driver = cinder.volume.drivers.rbd.RBDDriver
volume_backend_name = ceph
rbd_cluster_name = ceph
rbd_ceph_conf = /etc/ceph/ceph.conf
rbd_pool = volumes
rbd_user = cinder
rbd_secret_uuid = ${uuid(1)}
rados_connect_timeout = 5
replication_connect_timeout = 5
replication_device = backend_id:secondary,conf:/etc/ceph/secondary.conf,user:cinder,secret_uuid:${uuid(2)}
`,
        );
    });

    it("carries further options, booleans as Cinder writes them and $ doubled", () => {
        const options = { report_discard_supported: true, rbd_max_clone_depth: 3, rbd_x: "$HOME" };
        const lines = renderStanza(backendOf(withValue("backends/ceph/options", options))).split(
            "\n",
        );
        assert.deepEqual(lines.slice(10, 13), [
            "report_discard_supported = True",
            "rbd_max_clone_depth = 3",
            "rbd_x = $$HOME",
        ]);
    });
});

describe("a host's request", () => {
    it("names both clusters as Cinder does, and only the backends the host serves", () => {
        const { hosts, backends, timeouts } = parseTopology(
            withValue("hosts/cinder-a/backends", ["ceph"], {
                ...goodTopology(),
                backends: { ...goodTopology().backends, fast: goodTopology().backends.ceph },
                hosts: { ...goodTopology().hosts, "cinder-b": goodTopology().hosts["cinder-a"] },
            }),
        );
        assert.ok(hosts[0]);
        const request = hostRequest(hosts[0], backends, timeouts);
        const ours = { user: "cinder", pool: "volumes" };
        assert.deepEqual(
            request.backends.map(({ section, primary, target }) => ({ section, primary, target })),
            [
                {
                    section: "ceph",
                    primary: { ...ours, cluster: "ceph", conf: "/etc/ceph/ceph.conf" },
                    target: {
                        ...ours,
                        backendId: "secondary",
                        cluster: "secondary",
                        conf: "/etc/ceph/secondary.conf",
                    },
                },
            ],
        );
        assert.deepEqual(request.timeouts, {
            healthSeconds: 90,
            applySeconds: 300,
            targetSeconds: 20,
            lockSeconds: 30,
        });
    });
});
