import assert from "node:assert/strict";

import {
    compareFault,
    drillNames,
    measured,
    removeSeconds,
    shownCheck,
    tearDownSeconds,
    type DrilledImage,
} from "../../core/drill";
import { renderDrill } from "../../core/drillReport";

const ID = "20261122T204446-drill-ceph";
const image = (more: Partial<DrilledImage> = {}): DrilledImage => ({
    pool: "volumes",
    image: "volume-1",
    volumeId: "1",
    volumeName: "app",
    sizeBytes: 1 << 30,
    from: "paris",
    to: "lyon",
    clone: drillNames(ID, "volume-1").clone,
    rpoSeconds: 2.5,
    cloneSeconds: 0.2,
    fromSha256: "a".repeat(64),
    toSha256: "a".repeat(64),
    ...more,
});

const without = (...keys: (keyof DrilledImage)[]): DrilledImage => {
    const bare = image();
    for (const key of keys) Reflect.deleteProperty(bare, key);
    return bare;
};

describe("a drill", () => {
    it("gives the removal of a clone a second more for each GiB", () => {
        assert.equal(removeSeconds(0), 60);
        assert.equal(removeSeconds(1), 61);
        assert.equal(removeSeconds(2 ** 41), 60 + 2048);
    });

    it("gives the removal of all time for each, and a day at most", () => {
        assert.equal(tearDownSeconds([], 6), 900);
        assert.equal(tearDownSeconds(Array<number>(1000).fill(0), 6), 900 + 2000);
        assert.equal(tearDownSeconds([2 ** 41], 6), 900 + Math.ceil((12 + 2048) / 6));
        assert.equal(tearDownSeconds(Array<number>(1000).fill(2 ** 43), 6), 86_400);
    });

    it("names its snapshot and clone so that krbd takes them", () => {
        const { snapshot, clone } = drillNames(ID, "volume-0a0020b2-9577-47dc-b88d-0234476b91ae");
        assert.equal(snapshot, "cinder-dr-drill-20261122T204446");
        assert.equal(
            clone,
            "cinder-dr-drill-20261122T204446-volume-0a0020b2-9577-47dc-b88d-0234476b91ae",
        );
        assert.ok(clone.length <= 96);
    });

    it("shows of a check its program, and never what may be a secret", () => {
        for (const [command, shown] of [
            ["./check-clones", "./check-clones"],
            [" /opt/checks/fsck.sh --password s3cret ", "/opt/checks/fsck.sh (2 further words)"],
            ["mysqlcheck -ps3cret", "mysqlcheck (1 further word)"],
            ["TOKEN=s3cret ./check", "a shell command"],
            ["PASSWORD='two s3cret' ./check", "a shell command"],
            ["(curl https://u:s3cret@x)", "a shell command"],
            ["cat<s3cret", "a shell command"],
            ["", "a shell command"],
        ] as const)
            assert.equal(shownCheck(command), shown);
    });

    it("finds what differs, and what nobody compared", () => {
        assert.equal(compareFault(image()), undefined);
        assert.equal(
            compareFault(image({ toSha256: "b".repeat(64) })),
            "lyon holds other bytes than paris did at the snapshot",
        );
        assert.equal(compareFault(without("fromSha256")), "was not compared");
    });

    it("measures the worst image, and the time until all are usable", () => {
        const phases = [
            { name: "replicate", seconds: 9 },
            { name: "clone", seconds: 1.5 },
            { name: "compare", seconds: 20 },
            { name: "check", seconds: 2.25 },
        ] as const;
        assert.deepEqual(measured([image(), image({ rpoSeconds: 7 })], phases), {
            rpoSeconds: 7,
            rtoSeconds: 3.75,
        });
        const bare = without("rpoSeconds", "cloneSeconds");
        assert.deepEqual(measured([bare], phases), {});
    });

    it("reports in Markdown what a user's name cannot break", () => {
        const bare = without("rpoSeconds", "cloneSeconds", "toSha256");
        const text = renderDrill({
            verb: "drill",
            id: ID,
            who: "ops@desk",
            startedAt: "2026-11-22T20:44:47Z",
            endedAt: "2026-11-22T20:45:27Z",
            backend: "ceph",
            ok: false,
            images: [
                image({ volumeName: "a|b\n| c" }),
                { ...bare, fault: "is primary on no site" },
            ],
            checks: [
                { command: "./check", site: "lyon", seconds: 3 },
                { command: "./lost", site: "lyon", seconds: 0, fault: "spawn E2BIG" },
            ],
            phases: [{ name: "look", seconds: 1.94 }],
            rpoSeconds: 2.5,
            leftoversRemoved: ["lyon: volumes/x"],
            left: ["lyon: volumes/y (broken)"],
        });
        assert.match(
            text,
            /^# Drill 20261122T204446-drill-ceph\n\n\*\*Not passed\*\*: 1 of 2 images/,
        );
        for (const line of [
            "| RPO (largest bound) | 2.5 s |",
            "| RTO (clone and check) | – |",
            "| look | 1.9 s |",
            "| a\\|b \\| c | volumes/volume-1 | 1024 MiB | paris → lyon | 2.5 s | 0.2 s | aaaaaaaaaaaaaaaa | proven |",
            "| app | volumes/volume-1 | 1024 MiB | paris → lyon | – | – | – | is primary on no site |",
            "| `./check` | lyon | was ended: it took too long | 3.0 s |",
            "| `./lost` | lyon | could not be started: spawn E2BIG | 0.0 s |",
            "- `lyon: volumes/x`",
            "- `lyon: volumes/y (broken)`",
        ])
            assert.ok(text.split("\n").includes(line), line);
    });
});
