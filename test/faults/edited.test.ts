import { strict as assert } from "node:assert";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { driftFileName } from "../../core/drift/record";
import { driftOf } from "../lab/adminHost";
import {
    configFile,
    destroy,
    expectCode,
    LabHost,
    labTopology,
    plannedChanges,
    run,
    STACK,
    up,
} from "../lab/support";
import { row } from "./matrix";

/** A secret that somebody typed. */
const HAND = "11111111-2222-4333-8444-555555555555";
const RECORD = join(__dirname, "../..", driftFileName(STACK));
const STATE = "/etc/cinder/.cinder-dr/cinder.conf";
const OUTSIDE = "\n\n[backend_defaults]\n# a hand edit\nmax_over_subscription_ratio = 3.0\n";

/** Two of our keys, and something that is not ours, as an operator in a hurry edits them. */
const BY_HAND = `
cd /etc/cinder
sed -i -e 's/^\\(rbd_user *= *\\).*/\\1nobody/' -e 's/\\(secret_uuid:\\)[0-9a-f-]*/\\1${HAND}/' cinder.conf
printf '${OUTSIDE.replaceAll("\n", "\\n")}' >> cinder.conf
`;
/** As dpkg puts a package's own file in place of the operator's; this one is from before the first push. */
const BY_PACKAGE = `
cd /etc/cinder
cp -p cinder.conf cinder.conf.dpkg-old && cp -p cinder.conf cinder.conf.dpkg-new
python3 -c 'import base64, json; print(base64.b64decode(json.load(open("${STATE}/record.json"))["original"]).decode(), end="")' > cinder.conf.dpkg-new
mv cinder.conf.dpkg-new cinder.conf
`;

const lineOf = (text: string, says: RegExp): string =>
    text.split("\n").find((line) => says.test(line)) ?? "";

/** Both hosts at once, each in its own way: what was seen of it, and what the next runs did. */
describe("a cinder.conf that hands and packages changed", () => {
    const topology = labTopology();
    const a = new LabHost("cinder-a");
    const b = new LabHost("cinder-b");
    const configs = async () => ({
        a: await a.sh("cat /etc/cinder/cinder.conf; echo ."),
        b: await b.config(),
    });
    let first: Awaited<ReturnType<typeof configs>>;
    let edited: typeof first;
    let alone: typeof first;
    let repaired: typeof first;
    let report = "";
    let found: string[] = [];
    let updates: string[] = [];

    before(async () => {
        expectCode(await up(topology), 0);
        first = await configs();
        await a.sh(BY_HAND);
        await b.sh(BY_PACKAGE);
        edited = await configs();
        assert.match(edited.b, /^enabled_backends/m);
        assert.doesNotMatch(edited.b, /replication_device/);
        const words = ["cli/bin.js", "drift", "--topology", configFile(topology)];
        report = expectCode(await run("node", words), 3).stdout;
        // Nobody has said that the edits may go: the state knows of none, and `up` leaves them.
        expectCode(await up(topology), 0);
        alone = await configs();
        found = await driftOf(topology, 3, "--record", RECORD);
        updates = await plannedChanges(topology);
        expectCode(await up(topology), 0);
        repaired = await configs();
    });
    after(async () => {
        rmSync(RECORD, { force: true });
        await b.sh("rm -f /etc/cinder/cinder.conf.dpkg-old");
        expectCode(await destroy(topology), 0);
        a.close();
        b.close();
    });

    row(23, "cinder.conf is edited by hand", async () => {
        assert.deepEqual(
            found.filter((item) => item.includes(" hosts.cinder-a: ")),
            [
                "drifted hosts.cinder-a: cinder-volume",
                "drifted hosts.cinder-a: cinder.conf [ceph] rbd_user",
                "drifted hosts.cinder-a: cinder.conf [ceph] replication_device",
            ],
        );
        assert.doesNotMatch(report, new RegExp(HAND));
        assert.equal(alone.a, edited.a, "written over without a word");
        assert.deepEqual(updates, ["update cinder-a", "update cinder-b"]);
        assert.match(repaired.a, /^rbd_user *= *cinder$/m);
        assert.equal(
            await a.sh(`cat ${STATE}/last-known-good; echo .`),
            edited.a,
            "the hand edit is not kept",
        );
        return {
            saw: lineOf(report, /rbd_user/),
            after: "left until drift --record; then the edit is last-known-good",
            next: "preview: just these hosts; up: restarted",
        };
    });

    row(24, "a hand edit outside of our keys, beside one of them", async () => {
        assert.doesNotMatch(report, /max_over_subscription_ratio/);
        // Blanks that the hand took from its own line stay away.
        const line = first.a.replace(/^(rbd_user *= *cinder) +$/m, "$1");
        assert.equal(repaired.a, line.replace(/\.$/, `${OUTSIDE}.`));
        assert.deepEqual(await driftOf(topology, 0), []);
        return {
            saw: "ours as in row 23; nothing of the other",
            after: "the rest of the file byte-equal to before, with the edit",
            next: "up: restarted",
        };
    });

    row(25, "an upgraded package puts its own cinder.conf in place", async () => {
        const theirs = found.filter((item) => item.includes(" hosts.cinder-b: "));
        for (const subject of ["cinder-volume", "cinder.conf [ceph] replication_device"])
            assert.ok(theirs.includes(`drifted hosts.cinder-b: ${subject}`), theirs.join("\n"));
        assert.equal(alone.b, edited.b, "written over without a word");
        assert.equal(repaired.b, first.b);
        assert.equal(await b.sh("cat /etc/cinder/cinder.conf.dpkg-old"), first.b);
        return {
            saw: lineOf(report, /cinder-b.*replication_device/),
            after: "the package's file until drift --record",
            next: "up: restarted, our keys in the new file; dpkg-old stays",
        };
    });
});
