import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";

import type { DrilledImage } from "../../core/drill";
import { endedOf, type Begun } from "../../core/operation";
import { parseTopology } from "../../core/topology";
import type { Cinder } from "../../operations/cinder";
import { CephSite } from "../../operations/cephSite";
import { runCheck } from "../../operations/drillCheck";
import { drillSession, type DrillSession } from "../../operations/drillSession";
import { Journal } from "../../operations/journal";
import { listJournals, readJournal } from "../../operations/journalFolder";
import { CLOUD, foreign, own } from "../support/backendKey";
import { claimElsewhere } from "../support/claimElsewhere";
import { ownJournals } from "../support/ownJournals";
import { goodTopology } from "../support/topology";

const topology = parseTopology(goodTopology());
const site = new CephSite("secondary", topology.sites.secondary);
const images = ["c1", "c 2"].map((clone) => ({ pool: "volumes", clone }) as DrilledImage);
const cinder = { identity: () => Promise.resolve(CLOUD) } as unknown as Cinder;
const never = new AbortController().signal;

describe("the operator's check", () => {
    const journals = ownJournals();
    const passes: [what: string, command: string][] = [
        ["gets the clones as its arguments", `sh -c 'test "$2" = "volumes/c 2" && test $# = 2' c`],
        ["knows the site", `sh -c 'test "$CINDER_DR_SITE" = lyon' c`],
        ["reads about them from stdin", `sh -c 'grep -q c1' c`],
    ];
    for (const [what, command] of passes)
        it(what, async () => {
            assert.equal((await runCheck(command, site, images, 10, never)).exitCode, 0);
        });

    it("gets the clones in a file that only its user reads, and that is gone after it", async () => {
        const folder = mkdtempSync(join(tmpdir(), "cinder-dr-check-"));
        const kept = join(folder, "kept");
        const words = `cp -p "$CINDER_DR_CLONES_FILE" '${kept}' && printf %s "$CINDER_DR_CLONES_FILE" >'${kept}.path' #`;
        try {
            assert.equal((await runCheck(words, site, images, 10, never)).exitCode, 0);
            assert.equal(readFileSync(kept, "utf8"), "volumes/c1\nvolumes/c 2\n");
            assert.equal(statSync(kept).mode & 0o777, 0o600);
            assert.equal(existsSync(readFileSync(`${kept}.path`, "utf8")), false);
        } finally {
            rmSync(folder, { recursive: true });
        }
    });

    const many = (count: number) =>
        Array.from({ length: count }, (_, i) => ({
            pool: "volumes",
            clone: `cinder-dr-drill-20261122T204446-volume-39aec8d2-5875-41d1-b771-${String(i).padStart(12, "0")}`,
        })) as DrilledImage[];

    it("of thousands of clones has their names as arguments and in the file alone", async () => {
        const command = `sh -c 'test $# = 5000 && test "$(wc -l <"$CINDER_DR_CLONES_FILE")" = 5000 && test -z "\${CINDER_DR_CLONES+set}"' c`;
        assert.equal((await runCheck(command, site, many(5000), 10, never)).exitCode, 0);
    });

    it("that cannot be started has failed, and says why", async () => {
        const { exitCode, fault } = await runCheck("true", site, many(60_000), 10, never);
        assert.equal(exitCode, undefined);
        assert.match(fault ?? "", /E2BIG/);
    });

    it("fails with its own exit code", async () => {
        assert.equal((await runCheck("exit 7 #", site, images, 10, never)).exitCode, 7);
        assert.equal((await runCheck("kill -9 $$ #", site, images, 10, never)).exitCode, 128);
    });

    it("is kept without its words, in report and journal", async () => {
        const command = "sh -c 'exit 0' s3cret";
        const kept = await runCheck(command, site, images, 10, never);
        assert.equal(kept.command, "sh (4 further words)");
        const folder = mkdtempSync(join(tmpdir(), "cinder-dr-check-"));
        const before = process.env.CINDER_DR_JOURNALS;
        process.env.CINDER_DR_JOURNALS = folder;
        mock.method(CephSite.prototype, "fsid", () => Promise.reject(new Error("no answer")));
        try {
            const check = { command, seconds: 10 };
            const [backend] = topology.backends;
            const source = { stack: "mycloud" };
            const session = { topology, backend, cinder, check, volumes: [], version: "0", source };
            await assert.rejects(drillSession(session as unknown as DrillSession), /no answer/);
            const [id = ""] = listJournals();
            assert.doesNotMatch(readFileSync(join(folder, `${id}.jsonl`), "utf8"), /s3cret/);
            const [begun] = readJournal(id);
            assert.deepEqual(begun?.data, {
                ...(begun?.data as object),
                flags: { stack: "mycloud", volumes: [], check: "sh (4 further words)" },
            });
        } finally {
            mock.restoreAll();
            if (before === undefined) delete process.env.CINDER_DR_JOURNALS;
            else process.env.CINDER_DR_JOURNALS = before;
            rmSync(folder, { recursive: true });
        }
    });

    it("is of a drill that takes over from another machine by the word alone", async () => {
        const killed = { id: "1-drill-ceph", verb: "drill", ...own, who: "lee@desk" };
        Journal.create({ ...killed, version: "0", flags: {} }).close();
        claimElsewhere(journals.folder, killed.id);
        mock.method(CephSite.prototype, "fsid", () => Promise.reject(new Error("no answer")));
        const session = {
            topology,
            backend: topology.backends[0],
            cinder,
            volumes: [],
            version: "0",
        };
        const drilled = (breakLock?: string) =>
            drillSession({ ...session, breakLock } as unknown as DrillSession);
        try {
            await assert.rejects(drilled(), /^DrillError: drill 1-drill-ceph: .* on machine desk/);
            await assert.rejects(drilled("another"), /no answer/);
            assert.equal(endedOf(readJournal(killed.id)), undefined);
            await assert.rejects(drilled(killed.id), /no answer/);
            assert.equal(endedOf(readJournal(killed.id))?.outcome, "abandoned");
        } finally {
            mock.restoreAll();
        }
    });

    it("is of a drill that leaves another cloud's as it is", async () => {
        const killed = { ...foreign, id: "1-drill-ceph", verb: "drill", who: "lee@desk" };
        Journal.create({ ...killed, version: "0", flags: {} }).close();
        mock.method(CephSite.prototype, "fsid", () => Promise.reject(new Error("no answer")));
        const session = { topology, backend: topology.backends[0], cinder, volumes: [] };
        try {
            await assert.rejects(drillSession(session as unknown as DrillSession), /no answer/);
            assert.equal(readJournal(killed.id).length, 1);
            const [, id = ""] = listJournals();
            assert.deepEqual((readJournal(id)[0]?.data as Begun).of, own.of);
        } finally {
            mock.restoreAll();
        }
    });

    it("is ended with all it started when it takes too long", async () => {
        const start = performance.now();
        const { exitCode } = await runCheck("sleep 60 & sleep 60 #", site, images, 0.2, never);
        assert.equal(exitCode, undefined);
        assert.ok(performance.now() - start < 5000);
    });
});
