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

describe("the thaw of hosts", () => {
    /** @param lost hosts that are down: a call that needs their answer fails */
    function run(lost: string[], deaf: string[] = []): { of: Run; calls: string[] } {
        const rows = ["cinder-a@ceph", "cinder-b@ceph"].map((host) =>
            row({
                ...{ host, frozen: true, status: "disabled" },
                state: lost.includes(host) ? "down" : "up",
            }),
        );
        const calls: string[] = [];
        const service = (verb: string, host: string) => {
            calls.push(`${verb} ${host}`);
            if (deaf.includes(host)) return Promise.reject(new OpenStackError("no answer"));
            const own = rows.find((one) => one.host === host);
            Object.assign(own ?? {}, verb === "thaw" ? { frozen: false } : { status: "enabled" });
            return Promise.resolve();
        };
        const cinder = { services: () => Promise.resolve(rows), service };
        return { of: { backend, left: [], parts: { cinder } } as unknown as Run, calls };
    }

    it("does not end at one that is lost, and leaves that to do", async () => {
        const { of } = run(["cinder-a@ceph"], ["cinder-a@ceph"]);
        assert.deepEqual(await thaw(of), ["cinder-b@ceph"]);
        assert.deepEqual(of.left, [
            "cinder-a@ceph is down; once it runs: cinder thaw-host cinder-a@ceph; openstack volume service set --enable cinder-a@ceph cinder-volume",
        ]);
    });

    it("fails with every one that runs and stays as it is", async () => {
        const { of, calls } = run([], ["cinder-a@ceph"]);
        await assert.rejects(thaw(of), /^PartialError: cinder-a@ceph cannot be enabled again \(no/);
        assert.ok(calls.includes("enable cinder-b@ceph"));
        assert.deepEqual(of.left, []);
    });
});
