import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    addCounts,
    countGoTests,
    countsIn,
    exitCode,
    oneFailure,
    summary,
    withCrash,
} from "../../toolchain/counts.mjs";
import { goEnvironment } from "../../toolchain/golang.mjs";
import { isInstalled } from "../../toolchain/install.mjs";
import { besides, inLanes, isLate, labsAtOnce } from "../../toolchain/lanes.mjs";
import { nodeWarning } from "../../toolchain/node.mjs";
import { labObstacles, nodeObstacle } from "../../toolchain/preconditions.mjs";

const ROOT = join(__dirname, "../..");
const good = { platform: "linux", debian: "12", root: true, apt: true, node: "22.23.3" };

describe("preconditions", () => {
    const table: [object, RegExp[]][] = [
        [{}, []],
        [{ root: false }, [/must be started as root/]],
        [{ debian: "11" }, [/must be Debian 12, got 'Debian 11'/]],
        [{ debian: undefined, platform: "darwin", root: false }, [/got 'darwin'/, /as root/]],
        [{ apt: false }, [/apt-get must be there/]],
    ];
    for (const [change, expected] of table) {
        it(`of ${JSON.stringify(change)}: ${expected.length} obstacles`, () => {
            const obstacles = labObstacles({ ...good, ...change });
            assert.equal(obstacles.length, expected.length);
            expected.forEach((pattern, i) => {
                assert.match(obstacles[i]!, pattern);
            });
        });
    }

    it("refuse an old Node, and warn below the floor of the Pulumi SDK", () => {
        assert.equal(nodeObstacle("20.18.9"), "Node must be 20.19.0 or newer, got '20.18.9'");
        assert.equal(nodeObstacle("20.19.0"), undefined);
        assert.match(nodeWarning("20.20.2")!, /^Node 20\.20\.2 runs this project/);
        assert.equal(nodeWarning("22.0.0"), undefined);
    });
});

describe("the go commands", () => {
    it("keep the check of go.sum, whatever the user has set", () => {
        const env = goEnvironment({
            GOFLAGS: "-mod=mod",
            GOWORK: "/x",
            GOTOOLCHAIN: "auto",
            GONOSUMDB: "*",
        });
        assert.equal(env.GOFLAGS, "-mod=readonly");
        assert.deepEqual([env.GOWORK, env.GOTOOLCHAIN, env.GONOSUMDB], ["off", "local", ""]);
        assert.ok(env.HOME, "go finds no cache without HOME");
    });
});

describe("the npm packages", () => {
    it("are installed when the stamp is of the very lockfile", () => {
        const folder = mkdtempSync(join(tmpdir(), "install-"));
        try {
            assert.equal(isInstalled(folder), false);
            writeFileSync(join(folder, "package-lock.json"), "{}");
            assert.equal(isInstalled(folder), false);
            mkdirSync(join(folder, "node_modules"));
            const stamp = join(folder, "node_modules", ".cinder-dr-lock");
            writeFileSync(
                stamp,
                "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            );
            assert.equal(isInstalled(folder), true);
            writeFileSync(join(folder, "package-lock.json"), '{"changed":1}');
            assert.equal(isInstalled(folder), false);
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});

describe("the counts of npm test", () => {
    it("fail for a failure, and for a run of no test", () => {
        assert.equal(exitCode({ passed: 3, failed: 0, skipped: 1 }), 0);
        assert.equal(exitCode({ passed: 3, failed: 1, skipped: 0 }), 1);
        assert.equal(exitCode({ passed: 0, failed: 0, skipped: 4 }), 1);
    });

    it("add up to one line, after a line for each failure", () => {
        const total = addCounts([
            { passed: 2, failed: 0, skipped: 1 },
            { passed: 1, failed: 1, skipped: 0, failures: ["a move goes over: no answer"] },
        ]);
        assert.equal(
            summary(total),
            "failed: a move goes over: no answer\n3 passed, 1 failed, 1 skipped",
        );
        assert.equal(summary(addCounts([])), "0 passed, 0 failed, 0 skipped");
    });

    it("are read from what a lane has printed, and a lane without any has failed", () => {
        const failures = ["a move goes over: no answer", "another: 1 / 2"];
        const counts = { passed: 3, failed: 2, skipped: 2, failures };
        const earlier = "failed: of an earlier summary\n2 passed, 1 failed, 0 skipped";
        assert.deepEqual(countsIn(`${earlier}\nx\n${summary(counts)}\n`), counts);
        assert.equal(
            summary(countsIn("begun\nlane x: killed")),
            "failed: ended without counts: begun / lane x: killed\n0 passed, 1 failed, 0 skipped",
        );
    });

    it("keep a failure on one line, and that short", () => {
        const first = (text: string) => summary(oneFailure(text)).split("\n")[0] ?? "";
        assert.equal(first("1 !== 2\n\n  at x\n"), "failed: 1 !== 2 / at x");
        assert.equal(first("x".repeat(10_000)).length, "failed: ".length + 601);
    });

    it("of a run that ended with an error are one failure at least", () => {
        const passed = { passed: 2, failed: 0, skipped: 0 };
        assert.equal(summary(withCrash(passed, undefined)), "2 passed, 0 failed, 0 skipped");
        const killed = "failed: killed\n2 passed, 1 failed, 0 skipped";
        assert.equal(summary(withCrash(passed, new Error("killed"))), killed);
        const failed = { ...passed, failed: 1, failures: ["x"] };
        assert.equal(withCrash(failed, new Error("exit code 1")).failed, 1);
    });

    it("come from four labs at once, or as many as are asked for and fit the memory", () => {
        const gib = 2 ** 30;
        assert.equal(labsAtOnce(undefined, 24 * gib), 4);
        assert.equal(labsAtOnce("2", 24 * gib), 2);
        assert.equal(labsAtOnce("0", 24 * gib), 4);
        assert.equal(labsAtOnce("8", 9 * gib), 2);
        assert.equal(labsAtOnce(undefined, gib), 1);
    });

    it("begin none after the moment that was given, and name it", async () => {
        assert.equal(isLate("100", 100_999), true);
        assert.equal(isLate("100", 100_000), false);
        assert.equal(isLate(undefined, 100_999), false);
        assert.equal(isLate("soon", 100_999), false);
        process.env.CINDER_DR_BEGIN_UNTIL = "100";
        try {
            const none = { line: () => assert.fail("begun"), seconds: () => 0 };
            const { results, late } = await inLanes(["faults.hosts"], Promise.resolve(), none);
            assert.deepEqual([results, late], [[], ["faults.hosts"]]);
        } finally {
            delete process.env.CINDER_DR_BEGIN_UNTIL;
        }
    });

    const folders: Record<string, string[]> = {
        operations: ["test/lab/operations"],
        edges: ["test/lab/edges"],
        faults: ["test/faults", "test/host/faults"],
        lab: ["test/lab", "test/package"],
    };
    for (const [suite, own] of Object.entries(folders))
        it(`are of every file of the suite ${suite}, each in one of its labs`, () => {
            const specs = [suite, ...besides(suite, [], {})].flatMap((name) => {
                const text = readFileSync(join(ROOT, `.mocharc.${name}.json`), "utf8");
                return (JSON.parse(text) as { spec: string[] }).spec;
            });
            const files = own.flatMap((folder) =>
                readdirSync(join(ROOT, folder))
                    .filter((name) => name.endsWith(".test.ts"))
                    .map((name) => `${folder}/${name}`),
            );
            const named = specs.filter((spec) => !spec.includes("/oslo/"));
            assert.deepEqual(named.sort(), files.sort());
        });

    it("are of suites that bring all of theirs, but for one that runs in a lane", () => {
        assert.deepEqual(besides("drift", ["faults"], {}), [
            "faults",
            "faults.files",
            "faults.hosts",
        ]);
        assert.deepEqual(besides("faults", ["drift"], { CINDER_DR_LANE: "faults" }), []);
    });

    it("take go's whole tests, and a package that does not build as a failure", () => {
        const events = [
            { Action: "run", Package: "a", Test: "T" },
            { Action: "pass", Package: "a", Test: "T/sub" },
            { Action: "pass", Package: "a", Test: "T" },
            { Action: "skip", Package: "a", Test: "S" },
            { Action: "pass", Package: "a" },
            { Action: "fail", Package: "b", Test: "F" },
            { Action: "fail", Package: "b" },
            { Action: "fail", Package: "broken" },
        ];
        const output = ["# build noise", ...events.map((event) => JSON.stringify(event))].join(
            "\n",
        );
        const failures = ["b F", "broken does not build, or ended early"];
        assert.deepEqual(countGoTests(output), { passed: 1, failed: 2, skipped: 1, failures });
    });
});
