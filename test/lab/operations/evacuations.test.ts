import { strict as assert } from "node:assert";

import { waitFor } from "../../../operations/wait";
import { LabServers, within } from "../labServers";
import { expectCode, lab, labTopology, run, up } from "../support";

const LOST = "compute-b";
const OTHER = "compute-a";

/** A compute host that is lost after a failover, of a real Nova (fake virt driver) with two. */
describe("cinder-dr servers with a compute host that is down, on the lab", () => {
    const topology = labTopology();
    let all: LabServers;
    const ids: Record<string, string> = {};
    const idOf = (name: string): string => ids[name] ?? "";
    const LOST_ONES = ["lost-busy", "lost-cold", "lost-db", "lost-web"];

    interface Service {
        id: string;
        host: string;
        state: string;
    }
    async function service(host: string): Promise<Service> {
        const { services } = await all.nova.call<{ services: Service[] }>(
            "GET",
            "/os-services?binary=nova-compute",
        );
        const found = services.find((one) => one.host === host);
        assert.ok(found, host);
        return found;
    }
    const set = async (host: string, status: "enabled" | "disabled") =>
        all.nova.call("PUT", `/os-services/${(await service(host)).id}`, { status });
    async function disabled(host: string, work: () => Promise<void>): Promise<void> {
        await set(host, "disabled");
        await work().finally(() => set(host, "enabled"));
    }
    const where = async (name: string) => {
        const { status, ...server } = await all.seen(idOf(name));
        return `${name}: ${status} on ${server["OS-EXT-SRV-ATTR:host"]}`;
    };
    const wheres = () => Promise.all(LOST_ONES.map(where));

    const areOnOther = async () => {
        assert.deepEqual(await wheres(), [
            "lost-busy: ACTIVE on compute-a",
            "lost-cold: SHUTOFF on compute-a",
            "lost-db: ACTIVE on compute-a",
            "lost-web: ACTIVE on compute-a",
        ]);
        assert.deepEqual(
            (await all.cures()).filter((cure) => !cure.endsWith(": none")),
            [],
        );
    };

    before(async () => {
        lab("up", "--nova");
        expectCode(await up(topology), 0);
        all = new LabServers(topology);
        ids["lost-db"] = await all.booted("lost-db", "lost-boot", LOST);
        ids["lost-cold"] = await all.booted("lost-cold", "lost-cold-boot", LOST);
        ids["lost-web"] = await all.withData("lost-web", "lost-data", LOST);
        ids["lost-busy"] = await all.booted("lost-busy", "lost-busy-boot", LOST);
        ids["kept-db"] = await all.booted("kept-db", "kept-boot", OTHER);
        ids["kept-web"] = await all.withData("kept-web", "kept-data", OTHER);
        await all.nova.call("POST", `/servers/${idOf("lost-cold")}/action`, { "os-stop": null });
        await all.untilStatus(idOf("lost-cold"), "SHUTOFF");
        await all.moves.over();
        lab("kill", LOST);
        const isDown = async () => ((await service(LOST)).state === "down" ? true : undefined);
        // Nova takes the order, and nobody there carries it out.
        await all.nova.call("POST", `/servers/${idOf("lost-busy")}/action`, { "os-stop": null });
        await waitFor(isDown, { what: `${LOST} to be down`, seconds: 90, signal: within() });
    });
    after(async () => {
        lab("up");
        await all.remove();
    });

    it("names the host, and what evacuates its servers", async () => {
        assert.equal((await all.seen(idOf("lost-db"))).host_status, "UNKNOWN");
        const { output } = expectCode(await all.servers(), 3);
        assert.match(
            output,
            /PROBLEM lost-db \(\S+, ACTIVE on compute-b\): lost-boot \/dev\/\w+ \(boots from it\): its connection names cluster 'ceph', active is 'secondary'\n\s+next: by hand: its compute host compute-b is down \(Nova's host_status: UNKNOWN\): be sure that it is off, then `openstack server evacuate \S+`: .*; `--reattach --evacuate compute-b` does that for all its servers\n/,
        );
        assert.deepEqual(await all.cures(), [
            "kept-db: shelve",
            "kept-web: reattach",
            ...LOST_ONES.map((name) => `${name}: by hand`),
        ]);
        assert.deepEqual((await all.cures("--evacuate", LOST)).slice(2), [
            "lost-busy: by hand",
            ...["lost-cold: evacuate", "lost-db: evacuate", "lost-web: evacuate"],
        ]);
    });

    it("tells how one that Nova is at work on is brought to where it can be evacuated", async () => {
        const { output } = expectCode(
            await all.servers("--backend", "ceph", "--server", "lost-busy"),
            3,
        );
        const [, command = ""] =
            /then `openstack (server set --state error \S+)`, since Nova is at work on it there \(powering-off\)/.exec(
                output,
            ) ?? [];
        assert.ok(command !== "", output);
        expectCode(await run("/usr/bin/openstack", command.split(" ")), 0);
        await all.untilStatus(idOf("lost-busy"), "ERROR");
        assert.ok((await all.cures("--evacuate", LOST)).includes("lost-busy: evacuate"));
    });

    it("sees it also where it was disabled, of which Nova says MAINTENANCE", () =>
        disabled(LOST, async () => {
            assert.equal((await all.seen(idOf("lost-db"))).host_status, "MAINTENANCE");
            const { output } = expectCode(
                await all.servers("--backend", "ceph", "--server", "lost-db"),
                3,
            );
            assert.match(
                output,
                /its compute host compute-b is down \(Nova's host_status: MAINTENANCE, its nova-compute: down\)/,
            );
        }));

    it("refuses to evacuate a host that is up, or is none", async () => {
        for (const host of [OTHER, "compute-x"]) {
            const { output } = expectCode(await all.servers("--reattach", "--evacuate", host), 3);
            assert.match(
                output,
                new RegExp(
                    `--evacuate must be a compute host that is down \\(compute-b\\), got '${host}'`,
                ),
            );
        }
    });

    it("orders nothing that no other host could take, and goes on with the others", () =>
        disabled(OTHER, async () => {
            const { output } = expectCode(await all.servers("--reattach", "--evacuate", LOST), 4);
            assert.match(
                output,
                /PROBLEM lost-db .*\n\s+next: by hand: its compute host compute-b is down .*, and no other compute host is up and enabled to take it \(compute-a: disabled\): bring one up/,
            );
            assert.match(
                output,
                /PROBLEM kept-db \(\S+\): is not shelved: no compute host is up and enabled/,
            );
            assert.match(output, /1 cured, 0 failed, 1 not begun, 4 by hand/);
            assert.deepEqual(await wheres(), [
                "lost-busy: ERROR on compute-b",
                "lost-cold: SHUTOFF on compute-b",
                "lost-db: ACTIVE on compute-b",
                "lost-web: ACTIVE on compute-b",
            ]);
            assert.equal(await where("kept-db"), "kept-db: ACTIVE on compute-a");
        }));

    it("evacuates them over a kill -9, each proven by its new connection", async () => {
        await all.killedAt(/"started".* evacuate"/, "--reattach", "--evacuate", LOST);
        const { output } = expectCode(await all.servers("--reattach", "--evacuate", LOST), 0);
        assert.match(output, /[45] cured, 0 failed, 0 not begun, 0 by hand/);
        await areOnOther();
    });

    it("stays so when the host comes back", async () => {
        lab("up");
        assert.equal((await service(LOST)).state, "up");
        await areOnOther();
    });
});
