import { strict as assert } from "node:assert";
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { PoolView } from "../../../core/replica";
import { ROLES, type Role } from "../../../core/topology/site";
import { waitFor } from "../../../operations/wait";
import { adminHosts } from "../adminHost";
import { Fleet } from "../fleet";
import {
    configFile,
    expectCode,
    LAB,
    lab,
    labTopology,
    thenLabUp,
    up,
    type Mutable,
} from "../support";

const VOLUMES = 2;

interface Daemon {
    service_id: string;
    hostname: string;
    leader: boolean;
    health: string;
}

/** `rbd mirror pool status --verbose`: Ceph's own word for who runs, who leads and who has which image. */
interface Status {
    daemons?: Daemon[];
    images?: { daemon_service?: { hostname: string } }[];
}

const keyOf = (host: string): string =>
    readFileSync(join(LAB, "rooms", host, "etc/ssh/ssh_host_ed25519_key.pub"), "utf8")
        .split(" ")
        .slice(0, 2)
        .join(" ");

/** The lab's topology with all hosts of rbd-mirror named. */
function named(): Mutable {
    const topology = labTopology();
    topology.mirroring = {};
    for (const [n, role] of ROLES.entries()) {
        const { adminHost } = topology.sites[role];
        const own = { address: `127.0.3.${String(n + 11)}`, hostKey: keyOf(`mirror-${role}`) };
        const first = { ...adminHost, cephUser: `rbd-mirror.${role}` };
        const hosts = { [`ceph-${role}`]: first, [`mirror-${role}`]: own };
        topology.sites[role].rbdMirror = { hosts };
    }
    return topology;
}

/**
 * Each site has two rbd-mirror daemons, on two hosts: one leads, and shares the images out. Last in its lab: the backend
 * stays on the secondary, and the second daemons run.
 */
describe("two rbd-mirror daemons a site on the lab", () => {
    let fleet: Fleet;
    const sites = adminHosts();
    const BOTH = ["ceph-secondary", "mirror-secondary"];
    const other = (host: string) => BOTH.filter((name) => name !== host);

    before(async () => {
        lab("up", "--mirrors");
        fleet = new Fleet(named(), "mirrors");
        expectCode(await up(labTopology()), 0);
        await fleet.make(VOLUMES);
    });
    beforeEach(() => {
        lab("up", "--mirrors");
    });
    after(async () => {
        await fleet.close();
        for (const site of Object.values(sites)) site.close();
    });

    /** Waits for what Ceph says of a site's daemons, and of who has their images. */
    async function until(
        what: string,
        isSo: (daemons: Daemon[], holders: string[]) => boolean,
        role: Role = "secondary",
    ): Promise<Daemon[]> {
        let last = "";
        const look = async () => {
            const status = await sites[role].json<Status>(
                "rbd mirror pool status volumes --verbose",
            );
            const { daemons = [], images = [] } = status;
            const holders = images.map((image) => image.daemon_service?.hostname ?? "");
            last = JSON.stringify({ daemons, holders });
            daemons.sort((a, b) => a.hostname.localeCompare(b.hostname));
            return isSo(daemons, holders) ? daemons : undefined;
        };
        const limits = { seconds: 90, signal: AbortSignal.timeout(120_000), every: 1000 };
        return waitFor(look, { what: `${role}: ${what}`, ...limits, last: () => last });
    }
    const areWell = (daemons: Daemon[]) =>
        daemons.length === 2 &&
        daemons.every(({ health }) => health === "OK") &&
        daemons.filter(({ leader }) => leader).length === 1;
    const isShared = (daemons: Daemon[], holders: string[]) =>
        areWell(daemons) && BOTH.every((host) => holders.includes(host));

    const over = async (verb: "planned" | "forced", ...words: string[]) => [
        "failover",
        `--${verb}`,
        ...words,
        ...(await fleet.consents(verb)),
    ];

    it("goes on with the other where the leader dies, says who is lost, and moves over and back with two", async () => {
        const daemons = await until("images shared out", isShared);
        const lost = daemons.find(({ leader }) => leader)?.hostname ?? "";
        const [left = ""] = other(lost);
        assert.match(
            (await fleet.dr("status")).output,
            /ok +site secondary: 2 mirrored images, 2 rbd-mirror daemon\(s\): mirror-secondary on mirror-secondary, secondary on ceph-secondary\n/,
        );
        lab("kill", lost, "mirror");
        await fleet.write("primary");
        await until(
            "the other to have all",
            ([first, ...more], holders) =>
                more.length === 0 &&
                first?.hostname === left &&
                first.leader &&
                holders.every((host) => host === left),
        );
        await fleet.replayed("primary");
        const { output } = await fleet.dr("status");
        assert.match(
            output,
            new RegExp(
                `warning +site secondary: 2 mirrored images, 1 rbd-mirror daemon\\(s\\): \\S+ on ${left}; none of ${lost}\\n.*\`systemctl start ceph-rbd-mirror@rbd-mirror\\.[a-z-]+\` on ${lost}\\n`,
            ),
        );
        assert.match(output, /protected 2 of [23]/);
        lab("up", "--mirrors");
        await until("both again", areWell);

        expectCode(await fleet.dr(...(await over("planned"))), 0);
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
        await until("both", areWell, "primary");
        await fleet.write("secondary");
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectBytes("primary");
        expectCode(await fleet.dr("status"), 0);
    });

    /** What leaves one of the two running, and what the command says of it. */
    const leaving = (): [Mutable, RegExp][] => {
        const [unnamed, unreached] = [named(), named()];
        delete unnamed.sites.secondary.rbdMirror.hosts["mirror-secondary"];
        unreached.sites.secondary.rbdMirror.hosts["mirror-secondary"].port = 9;
        return [
            [labTopology(), /site secondary: its service map has rbd-mirror mirror-secondary on/],
            [
                unnamed,
                /site secondary: its service map has rbd-mirror mirror-secondary on \S+, and/,
            ],
            [unreached, /mirror-secondary: its rbd-mirror .* cannot be ended: .*ECONNREFUSED/],
        ];
    };

    /** The secondary's daemons as before, and nothing moved. */
    async function expectRefused(words: string[], topology: Mutable, says: RegExp): Promise<void> {
        const ids = (list: Daemon[]) => list.map(({ service_id }) => service_id);
        const before = await until("both", areWell);
        const all = ["cli/bin.js", ...words, "--topology", configFile(topology)];
        const { output } = expectCode(await fleet.plain(...all), 3);
        assert.match(output, says);
        assert.match(output, / 1 problem in /);
        assert.deepEqual(ids(await until("both as before", areWell)), ids(before));
        await fleet.expectAllOn("");
    }

    /** While the command waits: Ceph has no daemon of the secondary any more, and no image is promoted yet. */
    async function expectStopped(child: ChildProcess): Promise<void> {
        child.kill("SIGSTOP");
        try {
            await until("no daemon", ({ length }) => length === 0);
            const view = await fleet.parts.sites.secondary.pool<PoolView>("volumes", {
                do: "look",
            });
            const roles = Object.values(view.images).map(({ primary }) => primary);
            assert.deepEqual(
                roles,
                fleet.ids.map(() => false),
            );
        } finally {
            child.kill("SIGCONT");
        }
    }

    it("has both stopped before a forced failover promotes, and running after it; or is refused", async () => {
        // One that comes back gets new images, and none of those that have just moved.
        await fleet.make(2);
        await until("images shared out", isShared);
        await fleet.write("primary");
        await fleet.replayed("primary");
        lab("kill", "primary");
        lab("kill", "mirror-primary");
        await thenLabUp(async () => {
            const words = await over("forced", "--write-all-rows");
            for (const [topology, says] of leaving()) await expectRefused(words, topology, says);

            const before = await until("both", areWell);
            const isStopped = (journal: string) =>
                /"kind":"done","step":"stop rbd-mirror"/.test(journal);
            const moved = await fleet.during(isStopped, expectStopped, words);
            expectCode(moved, 0);
            assert.ok(moved.acted);
            await fleet.expectAllOn("secondary");
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
            const old = before.map(({ service_id }) => service_id);
            // None of them leads while the other site is dead.
            const anew = (now: Daemon[]) =>
                now.length === 2 && !now.some(({ service_id }) => old.includes(service_id));
            const after = await until("both anew", anew);
            assert.deepEqual(
                after.map(({ hostname }) => hostname),
                BOTH,
            );
        });
        await until("both", areWell);
    });
});
