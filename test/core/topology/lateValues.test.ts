import { strict as assert } from "node:assert";

import * as pulumi from "@pulumi/pulumi";

import { checkTopology } from "../../../core/topology";
import { lateValues } from "../../../core/topology/lateValues";

describe("values that come later", () => {
    const never = new Promise<never>(() => undefined);

    it("are named where they were typed, and nothing of them is shown", () => {
        const given = {
            backends: { ceph: { pool: pulumi.secret("hunter2"), user: "cinder" } },
            hosts: [pulumi.output(1), never],
            release: null,
        };
        const found = lateValues(given).map(({ propertyPath, reason }) => [
            propertyPath,
            /got (an? \w+)/.exec(reason)?.[1],
        ]);
        assert.deepEqual(found, [
            ["backends.ceph.pool", "an Output"],
            ["hosts.0", "an Output"],
            ["hosts.1", "a Promise"],
        ]);
        assert.ok(!JSON.stringify(lateValues(given)).includes("hunter2"));
    });

    it("are all that is said of a topology that has any", () => {
        const [problem, ...more] = checkTopology(pulumi.output(never));
        assert.match(problem?.reason ?? "", /known at once, got an Output/);
        assert.deepEqual(more, []);
    });
});
