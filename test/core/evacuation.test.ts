import assert from "node:assert/strict";

import { isHostDown, noTaker, notLost, type ComputeHost } from "../../core/evacuation";
import { planServer } from "../../core/serverPlan";
import type { Server, ServerVolume } from "../../core/servers";

const host = (name: string, isUp = true, isEnabled = true): ComputeHost => ({
    host: name,
    isUp,
    isEnabled,
});
const lost = host("c1", false);

describe("a compute host", () => {
    it("is down where Nova says so, also behind MAINTENANCE", () => {
        assert.ok(isHostDown({ hostStatus: "UNKNOWN" }));
        assert.ok(isHostDown({ hostStatus: "DOWN" }));
        assert.ok(isHostDown({ hostStatus: "MAINTENANCE", hostState: "down" }));
        assert.ok(!isHostDown({ hostStatus: "MAINTENANCE", hostState: "up" }));
        assert.ok(!isHostDown({ hostStatus: "UP" }));
        assert.ok(!isHostDown({}));
    });

    for (const [what, others, fact] of [
        ["another is up", [host("c2", false), host("c3")], undefined],
        ["there is no other", [], "(there is none)"],
        [
            "the others are disabled or down",
            [host("c2", true, false), host("c3", false)],
            "(c2: disabled, c3: down)",
        ],
    ] as const)
        it(`has a taker or none when ${what}`, () => {
            const said = noTaker([lost, ...others], "c1");
            const prefix = "no other compute host is up and enabled to take it ";
            assert.equal(said, fact && prefix + fact);
        });
    it("may take its own server again, unless none is up and enabled", () => {
        assert.equal(noTaker([host("c1")]), undefined);
        assert.equal(
            noTaker([host("c1", true, false)]),
            "no compute host is up and enabled to take it (c1: disabled)",
        );
    });
    it("is presumed to be taken over where Nova shows no hosts", () => {
        assert.equal(noTaker([], "c1"), undefined);
        assert.equal(notLost([], ["c9"]), undefined);
    });

    it("is evacuated only when it is down", () => {
        const all = [lost, host("c2")];
        assert.equal(notLost(all, ["c1"]), undefined);
        for (const wrong of ["c2", "c9"])
            assert.equal(
                notLost(all, ["c1", wrong]),
                `--evacuate must be a compute host that is down (c1), got '${wrong}'`,
            );
        assert.match(notLost([host("c2")], ["c2"]) ?? "", /\(there is none\)/);
    });
});

describe("the plan of a lost host's server", () => {
    const server: Server = {
        ...{ id: "s", name: "web", projectId: "p", status: "ACTIVE", locked: false },
        ...{ host: "c1", hostStatus: "UNKNOWN", ephemeral: 0, swap: 0 },
    };
    const volume: ServerVolume = {
        ...{ volumeId: "v", volumeName: "data", status: "in-use", device: "/dev/vdb" },
        ...{ isRoot: false, deleteOnTermination: false, fault: "leads elsewhere" },
    };
    const computes = [lost, host("c2")];
    const evacuation = { off: ["c1"], computes };

    for (const status of ["ACTIVE", "SHUTOFF", "ERROR"])
        it(`is to evacuate one in ${status}`, () => {
            const plan = planServer({ ...server, status }, [volume], evacuation);
            assert.equal(plan.cure, "evacuate");
            assert.equal(
                plan.why,
                "its compute host c1 is down (Nova's host_status: UNKNOWN): evacuate, it comes up on another host, without its local disks",
            );
        });
    for (const [what, given, volumes, other, why] of [
        ["of a host that nobody said is off", {}, {}, { off: ["c2"] }, /be sure that it is off/],
        ["that is paused", { status: "PAUSED" }, {}, {}, /Nova evacuates no PAUSED server/],
        ["that Nova is at work on", { taskState: "powering-off" }, {}, {}, /--state error s/],
        [
            "with a volume in error",
            {},
            { status: "error" },
            {},
            /^volume data .*; then its compute/,
        ],
        ["with a volume that stayed", {}, { onlyOn: "paris" }, {}, /is not replicated/],
        [
            "that no host takes",
            {},
            {},
            { computes: [lost] },
            /^its compute host c1 is down \(.*\), and no other .* \(there is none\): bring one up, then run this again$/,
        ],
    ] as const)
        it(`is by hand for one ${what}`, () => {
            const given2 = { ...server, ...given };
            const plan = planServer(given2, [{ ...volume, ...volumes }], {
                ...evacuation,
                ...other,
            });
            assert.equal(plan.cure, "by hand");
            assert.match(plan.why, why);
        });
});
