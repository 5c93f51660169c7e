import { strict as assert } from "node:assert";

import { thaw } from "../../operations/freeze";
import { OpenStackError } from "../../operations/openstack";
import type { Run } from "../../operations/run";
import { backend, row } from "../support/survey";

describe("the thaw of an active-active cluster", () => {
    const enabled: string[] = [];

    /** @param heeds whether Cinder does what it is told, or why it answers nothing of clusters */
    function run(cluster: string | null, heeds: boolean | OpenStackError): Run {
        const rows = ["cinder-a@ceph", "cinder-b@ceph"].map((host) => row({ host, cluster }));
        const clusters = ["dr@ceph", "other@lvm"].map((name) => ({ name, status: "disabled" }));
        const cinder = {
            services: () => Promise.resolve(rows),
            clusters: () =>
                typeof heeds === "boolean" ? Promise.resolve(clusters) : Promise.reject(heeds),
            enableCluster: (name: string) => {
                enabled.push(name);
                const own = clusters.find((one) => one.name === name);
                if (heeds === true && own) own.status = "enabled";
                return Promise.resolve();
            },
        };
        return { backend, parts: { cinder } } as unknown as Run;
    }
    beforeEach(() => {
        enabled.length = 0;
    });

    it("enables the cluster's own row, and no other cluster's", async () => {
        await thaw(run("dr@ceph", true));
        assert.deepEqual(enabled, ["dr@ceph"]);
    });

    it("asks for no clusters where there is none", async () => {
        await thaw(run(null, true));
        assert.deepEqual(enabled, []);
    });

    it("says what is left to do where it stays disabled", async () => {
        await assert.rejects(thaw(run("dr@ceph", false)), {
            message:
                "the cluster dr@ceph cannot be enabled again: no new volume is scheduled to it",
            left: ["cinder --os-volume-api-version 3.7 cluster-enable dr@ceph"],
        });
    });

    it("says the same of a Cinder that does not let this user see clusters", async () => {
        await assert.rejects(thaw(run("dr@ceph", new OpenStackError("forbidden", 403))), {
            message:
                "the cluster dr@ceph cannot be enabled again: no new volume is scheduled to it (forbidden)",
            left: ["cinder --os-volume-api-version 3.7 cluster-enable dr@ceph"],
        });
    });
});
