import { strict as assert } from "node:assert";

import { waitFor } from "../../../operations/wait";
import { adminHosts } from "../adminHost";
import { blockStorage } from "../blockStorage";
import { Fleet } from "../fleet";
import { expectCode, lab, labTopology, up, type Mutable } from "../support";

/** Runs the script that comes from stdin with a clock that is an hour ahead; every other command as it is. */
const AHEAD = [
    "import datetime, os, sys",
    'sys.argv[1] == "python3" or os.execvp(sys.argv[1], sys.argv[1:])',
    "own, hour = datetime.datetime, datetime.timedelta(hours=1)",
    "ahead = classmethod(lambda _, tz=None: own.now(tz) + hour)",
    'datetime.datetime = type("Ahead", (own,), {"now": ahead})',
    'exec(compile(sys.stdin.read(), "pool.py", "exec"))',
].join("; ");

const within = () => AbortSignal.timeout(400_000);

/** What Cinder and the two clusters do not agree on: `status` names it, and no planned failover begins. */
describe("what does not fit", () => {
    const topology = labTopology();
    const fleet = new Fleet(topology, "odd");
    const { primary, secondary } = adminHosts();
    const storage = blockStorage();
    let misspelt = "";

    /** A type that the scheduler takes for a replicated one, and the driver does not. */
    async function misspeltVolume(): Promise<void> {
        const { volume_type } = await storage.call<{ volume_type: { id: string } }>(
            "POST",
            "/types",
            {
                volume_type: { name: "fleet-odd-misspelt" },
            },
        );
        misspelt = volume_type.id;
        await fleet.cinder.setExtraSpec(misspelt, "replication_enabled", "<is> true");
        await fleet.cinder.setExtraSpec(misspelt, "volume_backend_name", "ceph");
        const { id } = await fleet.cinder.createVolume({
            name: "fleet-odd-misspelt",
            description: "",
            size: 1,
            volume_type: "fleet-odd-misspelt",
            metadata: {},
        });
        fleet.ids.push(id);
        const made = async () =>
            (await fleet.cinder.volume(id))?.status === "available" ? true : undefined;
        await waitFor(made, { what: "the misspelt volume", seconds: 120, signal: within() });
    }

    before(async () => {
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(5);
        await misspeltVolume();
    });
    after(async () => {
        for (const id of fleet.ids.slice()) await fleet.drop(id);
        await storage.call("DELETE", `/types/${misspelt}`);
        await storage.close();
        primary.close();
        secondary.close();
        await fleet.close();
    });

    it("is named volume by volume, and stops a planned failover", async () => {
        const [, ghost = "", plain = "", both = "", forked = "", odd = ""] = fleet.ids;
        await primary.sh(
            `rbd mirror image disable --force ${fleet.spec(ghost)} && rbd rm --no-progress ${fleet.spec(ghost)} && rbd mirror image disable ${fleet.spec(plain)}`,
        );
        for (const id of [both, forked])
            await secondary.sh(`rbd mirror image promote --force ${fleet.spec(id)}`);
        await secondary.sh(`rbd mirror image demote ${fleet.spec(forked)}`);
        const wanted = [
            [ghost, "Cinder counts it as replicated .* and there is no image"],
            [plain, "Cinder says replication_status enabled, and the image is not mirrored"],
            [both, "primary on both sites: each takes writes"],
            [forked, "split-brain: both sites have writes that the other lacks"],
            [odd, "its type 'fleet-odd-misspelt' says replication_enabled='<is> true'"],
        ];
        let last = "";
        const named = async () => {
            last = expectCode(await fleet.dr("status"), 3).output;
            const isNamed = ([id, fact]: string[]) =>
                new RegExp(`PROBLEM ${id ?? ""} \\(.*\\): ${fact ?? ""}`).test(last);
            return wanted.every(isNamed) || undefined;
        };
        // rbd-mirror says that an image has forked with its next status, up to 30 s later.
        const limits = { seconds: 120, signal: within(), last: () => last };
        await waitFor(named, { what: "status to name all of it", ...limits });
        assert.match(last, /ceph: active on primary; protected \d+ of \d+ replicated volumes/);
        const flags = await fleet.consents("planned");
        const { output } = expectCode(await fleet.dr("failover", "--planned", ...flags), 3);
        assert.match(output, new RegExp(`PROBLEM ${both} .*primary on both sites`));
        assert.match(output, new RegExp(`PROBLEM ${forked} .*split-brain`));
        await fleet.expectAllOn("");
    });

    it("is an image that somebody has open", async () => {
        const [open = ""] = fleet.ids;
        const script = `import rados, rbd, time
with rados.Rados(conffile="/etc/ceph/ceph.conf") as c, c.open_ioctx("volumes") as p, rbd.Image(p, "volume-${open}"): time.sleep(600)`;
        const pid = await primary.sh(`python3 -c '${script}' </dev/null >/dev/null 2>&1 & echo $!`);
        try {
            const said = async () => {
                const { output } = await fleet.dr("preflight", "planned");
                return /client\(s\) have it open/.test(output) || undefined;
            };
            await waitFor(said, { what: "its client", seconds: 60, signal: within() });
        } finally {
            await primary.sh(`kill ${pid}`);
        }
    });

    it("is a target that no host knows", async () => {
        const other: Mutable = labTopology();
        other.backends.ceph.replicationDevice.backendId = "third";
        const there = new Fleet(other, "nowhere");
        const { output } = expectCode(await there.dr("failover", "--planned"), 3);
        await there.close();
        assert.match(output, /PROBLEM cinder-a: does not reach secondary as Cinder's user: /);
    });

    it("is a site whose clock is an hour off, so that nobody can tell how old its word is", async () => {
        const there: Mutable = labTopology();
        there.sites.secondary.commandPrefix = ["python3", "-c", AHEAD];
        const odd = new Fleet(there, "ahead");
        const { output } = expectCode(await odd.dr("failover", "--planned"), 3);
        assert.match(
            output,
            /PROBLEM site secondary: its admin host's clock is 36\d\d s ahead of the reports of Cinder's services/,
        );
        assert.match(expectCode(await odd.dr("status"), 3).output, /its admin host's clock is/);
        await odd.close();
        await fleet.expectAllOn("");
    });

    it("is a primary that lives, though its admin host does not answer", async () => {
        lab("stop", "primary", "sshd");
        try {
            const { output } = expectCode(
                await fleet.dr("failover", "--forced", ...(await fleet.consents("forced"))),
                3,
            );
            assert.match(output, /the primary lives/);
            assert.match(output, /--fenced '<how>'/);
        } finally {
            lab("cont", "primary", "sshd");
        }
        await fleet.expectAllOn("");
    });
});
