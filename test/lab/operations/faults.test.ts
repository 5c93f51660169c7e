import { strict as assert } from "node:assert";
import { execFileSync, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { rowsOf } from "../../../core/service";
import { hostOf } from "../../../core/volume";
import { findCloud } from "../../../operations/cloud";
import { OpenStackApi } from "../../../operations/openstack";
import { pause, waitFor } from "../../../operations/wait";
import { adminHosts } from "../adminHost";
import { Fleet } from "../fleet";
import {
    expectCode,
    lab,
    labEnvironment,
    labPassword,
    labTopology,
    run,
    thenLabUp,
    up,
} from "../support";

const AHEAD = { NODE_OPTIONS: `--require ${join(__dirname, "../aheadOfTime.cjs")}` };
const HANG_MILLISECONDS = 15_000;
/** By then a command must have ended that nobody answers any more. */
const GONE_MILLISECONDS = 300_000;

/**
 * On a site's admin host, after its one OSD was frozen: placement groups with one replica stay `laggy` else and keep some
 * requests waiting for good (Ceph 16.2.15); then until an image can be made.
 */
const TAKES_WRITES = `ceph osd down all
for n in {1..12}; do
    timeout 20 rbd create volumes/cinder-dr-test --size 4M --image-feature exclusive-lock,journaling && break; sleep 2; done
rbd rm --no-progress volumes/cinder-dr-test`;

/** What breaks while a backend moves, and what must then not be done. */
describe("faults in the middle of a move", () => {
    const topology = labTopology();
    const fleet = new Fleet(topology, "faults");
    const sites = adminHosts();
    const keystone = new OpenStackApi(findCloud(labEnvironment()), {
        name: "Keystone",
        types: ["identity"],
        apiVersion: "identity 3.14",
    });

    before(async () => {
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(3);
    });
    after(async () => {
        for (const site of Object.values(sites)) site.close();
        await keystone.close();
        await fleet.close();
    });

    /** Keystone takes back every token of a user whose password is set, be it to the same one. */
    async function revokeTokens(): Promise<void> {
        const { users } = await keystone.call<{ users: { id: string }[] }>(
            "GET",
            "/users?name=admin",
        );
        await keystone.call("PATCH", `/users/${users[0]?.id ?? ""}`, {
            user: { password: labPassword() },
        });
    }

    const rows = async () =>
        rowsOf(await fleet.cinder.services(), { section: "ceph", otherHosts: [] });

    /** Cinder's own end of a failover, whoever called it. */
    async function ended(): Promise<void> {
        const isOver = async () =>
            (await rows()).every((row) => row.replication_status === "failed-over") || undefined;
        const signal = AbortSignal.timeout(300_000);
        await waitFor(isOver, { what: "Cinder's own failover", seconds: 200, signal });
    }

    it("is taken over from another machine by the word that it is gone there", async () => {
        await fleet.write("primary");
        await fleet.ready("planned");
        const flags = await fleet.consents("planned");
        const killed = await fleet.during(
            (journal) => journal.includes('"step":"frozen"'),
            (child) => child.kill("SIGKILL"),
            ["failover", "--planned", ...flags],
        );
        assert.ok(killed.acted);
        const id = fleet.newestId();
        const elsewhere = mkdtempSync(join(tmpdir(), "cinder-dr-journals-"));
        try {
            const there = (...more: string[]) =>
                run("node", fleet.args("failover", "--planned", ...flags, ...more), {
                    CINDER_DR_JOURNALS: elsewhere,
                });
            for (const more of [[], ["--break-lock", `${id}-not`]])
                assert.match(
                    expectCode(await there(...more), 3).output,
                    new RegExp(`\\S+@\\S+ runs \`failover --planned\` since .*${id}`),
                );
            expectCode(await there("--break-lock", id), 0);
            await fleet.expectAllOn("secondary");
            await fleet.expectBytes("secondary");
            const { output } = expectCode(await fleet.dr("resume", id), 3);
            assert.match(output, /is on secondary already/);
            await fleet.expectAllOn("secondary");
            // The way back restores the statuses that this journal holds.
            cpSync(elsewhere, fleet.journals, { recursive: true });
        } finally {
            rmSync(elsewhere, { recursive: true });
        }
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectAllOn("");
    });

    it("goes over planned though its token is taken back", async () => {
        await fleet.write("primary");
        await fleet.ready("planned");
        const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
        const moved = await fleet.during(fleet.hasCalled, revokeTokens, words);
        expectCode(moved, 0);
        assert.ok(moved.acted);
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
    });

    it("is not done a second time", async () => {
        const { output } = expectCode(await fleet.dr("failover", "--planned"), 3);
        assert.match(
            output,
            /PROBLEM backend ceph: is on secondary already: Cinder would demote and promote every image again/,
        );
    });

    it("does not go back before the primary has replayed all", async () => {
        lab("stop", "primary", "mirror");
        try {
            await fleet.write("secondary");
            const { output } = expectCode(await fleet.dr("failback", "--resync-seconds", "5"), 3);
            assert.match(output, /refused, nothing was changed: /);
            // Ceph drops a daemon that hangs from its service map when it will.
            assert.match(
                output,
                /3 image\(s\) are not proven: |PROBLEM site primary: no rbd-mirror daemon is in its/,
            );
        } finally {
            lab("cont", "primary", "mirror");
        }
        await fleet.expectAllOn("secondary");
        await fleet.ready("failback");
    });

    it("waits for a cinder-volume that hangs in the middle", async () => {
        const hang = async () => {
            lab("stop", "cinder-a", "cinder-volume");
            await new Promise((resolve) => setTimeout(resolve, HANG_MILLISECONDS));
            lab("cont", "cinder-a", "cinder-volume");
        };
        const moved = await fleet.during(fleet.hasCalled, hang, ["failback"]);
        expectCode(moved, 0);
        assert.ok(moved.acted);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });

    it("does not begin where a client keeps an image's lock to itself, though its I/O errors are agreed to", async () => {
        await fleet.ready("planned");
        const [open = ""] = fleet.ids;
        const script = `import rados, rbd, time
with rados.Rados(conffile="/etc/ceph/ceph.conf") as c, c.open_ioctx("volumes") as p, rbd.Image(p, "volume-${open}") as i: i.lock_acquire(rbd.RBD_LOCK_MODE_EXCLUSIVE); time.sleep(600)`;
        const client = await sites.primary.sh(
            `python3 -c '${script}' </dev/null >/dev/null 2>&1 & echo $!`,
        );
        try {
            const isOpen = async () =>
                (await fleet.consents("planned")).includes("attached=1") || undefined;
            const signal = AbortSignal.timeout(100_000);
            await waitFor(isOpen, { what: "its client", seconds: 60, signal });
            const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
            const { output } = expectCode(await fleet.dr(...words), 3);
            assert.match(output, /refused, and thawed again: 1 blocker/);
            assert.match(
                output,
                new RegExp(`PROBLEM ${open} .*: its client does not give the write lock away`),
            );
        } finally {
            await sites.primary.sh(`kill ${client}`);
        }
        await fleet.expectAllOn("");
    });

    it("puts back what a restarted cinder-volume left half moved, and then goes over", async () => {
        await fleet.write("primary");
        await fleet.ready("planned");
        const [first = ""] = fleet.ids;
        const volume = await fleet.cinder.volume(first);
        assert.ok(volume);
        const [host = ""] = hostOf(volume).split("@");
        const isDemoted = async () =>
            (await sites.primary.sh(`rbd info ${fleet.spec(first)}`)).includes("primary: false") ||
            undefined;
        const lose = async () => {
            const signal = AbortSignal.timeout(200_000);
            await waitFor(isDemoted, { what: "the first demotion", seconds: 120, signal });
            lab("kill", host, "cinder-volume");
            lab("up");
        };
        const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
        const cut = await fleet.during(fleet.hasCalled, lose, words);
        expectCode(cut, 4);
        assert.ok(
            cut.output.includes(`${host}@ceph: Cinder does not say that it is on secondary`),
            cut.output,
        );
        const { output } = expectCode(await fleet.dr("resume"), 0);
        assert.match(output, /put back: [1-9] half moved images are primary again where they were/);
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
    });

    it("ends by itself when the network is gone in the middle, and goes on when it is back", async () => {
        await fleet.write("secondary");
        await fleet.ready("failback");
        // Everything that the command speaks with stands still, as behind a cable that is cut: no answer, no reset.
        const admins = ["primary", "secondary"];
        const network = (pid: string) => readlinkSync(`/proc/${pid}/ns/net`);
        // Of this network alone: another one may have a lab of its own.
        const apis = execFileSync("pgrep", ["-f", "uwsgi.*cinder/lab.ini"], { encoding: "utf8" })
            .trim()
            .split("\n")
            .filter((pid) => network(pid) === network("self"))
            .map(Number);
        assert.ok(apis.length > 0);
        const cut = () => {
            for (const pid of apis) process.kill(pid, "SIGSTOP");
            for (const site of admins) lab("stop", site, "sshd");
        };
        const start = performance.now();
        const gone = await fleet.during(fleet.hasCalled, cut, ["failback"]).finally(() => {
            for (const pid of apis) process.kill(pid, "SIGCONT");
            for (const site of admins) lab("cont", site, "sshd");
        });
        expectCode(gone, 4);
        // Cut before or after Cinder took the request.
        assert.match(
            gone.output,
            /The operation was aborted due to timeout|Cinder's API has not answered for 60 s/,
        );
        assert.match(gone.output, /PROBLEM operation: failed.*\n +next: .*`cinder-dr resume /);
        assert.ok(performance.now() - start < GONE_MILLISECONDS);
        expectCode(await fleet.dr("resume"), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });

    it("keeps its hands off a failover of somebody else, and brings it back", async () => {
        await fleet.ready("planned");
        const flags = await fleet.consents("planned");
        for (const { host } of await rows()) await fleet.cinder.failoverHost(host, "secondary");
        const { output } = expectCode(await fleet.dr("failover", "--planned", ...flags), 3);
        assert.match(output, /PROBLEM cinder-[ab]@ceph: is failing over now, and not by this/);
        await ended();
        await fleet.ready("failback");
        // Its bare Cinder has set the plain volume to error, which the way back puts right with consent.
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });

    it("is taken over forced where the primary and the command die in the middle of a planned one", async () => {
        await fleet.ready("planned");
        await fleet.write("primary");
        await fleet.replayed("primary");
        const dies = async (child: ChildProcess): Promise<void> => {
            lab("kill", "primary", "ceph");
            await pause(2000, AbortSignal.timeout(60_000));
            child.kill("SIGKILL");
        };
        const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
        const isCalled = (journal: string) => journal.split('"step":"failover-host"').length > 2;
        assert.ok((await fleet.during(isCalled, dies, words)).acted);
        const id = fleet.newestId();
        await thenLabUp(async () => {
            await ended();
            const forced = [
                "failover",
                "--forced",
                "--write-rows",
                ...(await fleet.consents("forced")),
            ];
            const { output } = expectCode(await fleet.dr(...forced), 3);
            assert.ok(output.includes(id), output);
            const over = expectCode(await fleet.dr(...forced, "--break-lock", id), 0).output;
            assert.match(over, /stop rbd-mirror: .*; all have moved/);
            assert.match(over, /writable: 3 images give their write lock/);
            await fleet.expectAllOn("secondary");
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
        });
        // As where the old site is rebuilt: nothing there has forked, and all is copied anew.
        for (const one of fleet.ids)
            await sites.primary.sh(
                `rbd mirror image disable --force ${fleet.spec(one)} && rbd rm --no-progress ${fleet.spec(one)}`,
            );
        expectCode(await fleet.dr("failback", "--resync-only"), 0);
        await fleet.expectBytes("primary");
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });

    it("ends where the target hangs in its move, and goes on when it answers again", async () => {
        await fleet.ready("planned");
        await fleet.write("primary");
        await fleet.replayed("primary");
        lab("kill", "primary");
        await thenLabUp(async () => {
            const words = ["failover", "--forced", ...(await fleet.consents("forced"))];
            const hang = () => {
                lab("stop", "secondary", "osd");
            };
            const start = performance.now();
            const hung = await fleet.during(fleet.hasCalled, hang, words).finally(() => {
                lab("cont", "secondary", "osd");
            });
            expectCode(hung, 4);
            assert.match(hung.output, /PROBLEM operation: .*\n +next: .*`cinder-dr resume /);
            assert.ok(performance.now() - start < GONE_MILLISECONDS);
            await sites.secondary.sh(TAKES_WRITES);
            // Cinder has set all of them to error, and tries no more.
            const resumed = expectCode(await fleet.dr("resume"), 4);
            assert.match(resumed.output, /3 volume\(s\) did not move/);
            assert.match(resumed.output, /resume \S+ --write-rows` promotes what Cinder has left/);
            const { output } = expectCode(await fleet.dr("resume", "--write-rows"), 0);
            assert.match(output, /promote: 3 of 3 volumes that Cinder had left behind/);
            await fleet.expectAllOn("secondary");
            await fleet.expectBytes("secondary");
        });
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });

    it("names the volume that did not move, and comes back by a clock an hour ahead", async () => {
        await fleet.write("primary");
        await fleet.replayed("primary");
        const [lost = ""] = fleet.ids.slice(-1);
        lab("kill", "primary");
        await thenLabUp(async () => {
            const words = ["failover", "--forced", ...(await fleet.consents("forced"))];
            const moved = await fleet.during(
                (journal) => journal.includes('"kind":"done","step":"stop rbd-mirror"'),
                () => sites.secondary.sh(`rbd mirror image disable --force ${fleet.spec(lost)}`),
                words,
            );
            expectCode(moved, 4);
            assert.match(
                moved.output,
                /1 volume\(s\) did not move: .*its status in Cinder is 'error'/,
            );
            assert.ok(moved.output.includes(lost));
            const report = expectCode(await fleet.report(), 0);
            assert.match(report.output, /^# failover --forced of ceph: partial$/m);
            assert.match(report.output, new RegExp(`^- ${lost} .*its status in Cinder`, "m"));
        });
        await fleet.expectAllOn("secondary");
        const flags = await fleet.consents("failback");
        const refused = expectCode(await fleet.dr("failback", ...flags), 3);
        assert.ok(refused.output.includes(lost), refused.output);
        await fleet.drop(lost);
        // What the primary has kept of it is nobody's; the secondary's rbd-mirror may copy it meanwhile, from a snapshot there.
        const image = fleet.spec(lost);
        await sites.primary.sh(
            `rbd mirror image disable --force ${image}
            for n in {1..30}; do rbd snap purge --no-progress ${image}; rbd rm --no-progress ${image} && exit; sleep 1; done; exit 1`,
        );
        // Last here: what an hour-ahead clock has dated is newer than all that follows.
        const words = fleet.args("failback", ...(await fleet.consents("failback")));
        expectCode(await run("node", words, { ...AHEAD, CINDER_DR_JOURNALS: fleet.journals }), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });
});
