import { strict as assert } from "node:assert";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { blockersOf } from "../../core/blockers";
import * as rbd from "../../core/rbd";
import { readDiff, renderDiff } from "../../core/rbdDiff";
import { lagOf } from "../../core/replica";
import { otherSide, rowsOf } from "../../core/service";
import { targetOf, type Survey } from "../../core/survey";
import { type Role } from "../../core/topology/site";
import { Cinder } from "../../operations/cinder";
import { findCloud } from "../../operations/cloud";
import { AT_A_TIME, inParallel } from "../../operations/parallel";
import { Parts } from "../../operations/parts";
import { takeSurvey } from "../../operations/takeSurvey";
import { waitFor } from "../../operations/wait";
import { configFile, labEnvironment, resolved, run, type Mutable, type Run } from "./support";

const GIB = 1 << 30;
const BYTES = 4096;
/** Milliseconds between two looks: each takes a second of processor. */
const EVERY = 3000;

/** Where a fleet lives; the lab's own backend unless a test has made another. */
interface Place {
    section: string;
    pool: string;
    type: string;
}

/** Replicated volumes with known bytes, the lab's plain one beside them, and the command that moves them all. */
export class Fleet {
    readonly parts: Parts;
    readonly cinder = new Cinder(findCloud(labEnvironment()));
    readonly ids: string[] = [];
    /** What was written where, by volume. */
    private readonly marks = new Map<string, { offset: number; bytes: Buffer }[]>();
    readonly journals = mkdtempSync(join(tmpdir(), "cinder-dr-journals-"));
    private readonly file: string;

    constructor(
        private readonly topology: Mutable,
        private readonly name: string,
        private readonly at: Place = { section: "ceph", pool: "volumes", type: "replicated" },
    ) {
        this.parts = new Parts(resolved(topology), this.cinder);
        this.file = configFile(topology);
    }

    readonly spec = (id: string): string => `${this.at.pool}/volume-${id}`;

    /** `cinder-dr WORDS --topology …` with journals of its own. */
    dr = (...words: string[]): Promise<Run> => this.plain(...this.args(...words));

    args = (...words: string[]): string[] => [
        "cli/bin.js",
        ...words,
        "--topology",
        this.file,
        ...(words[0] === "resume" ? [] : ["--backend", this.at.section]),
    ];

    /** Runs the very words, with this fleet's journals. */
    plain = (...words: string[]): Promise<Run> =>
        run("node", words, { CINDER_DR_JOURNALS: this.journals });

    /** Removes what earlier runs of this fleet left, makes volumes, and waits until each replays on the secondary. */
    async make(count: number): Promise<void> {
        for (const volume of await this.cinder.allVolumes())
            if (volume.name.startsWith(`fleet-${this.name}-`) && !this.ids.includes(volume.id))
                await this.cinder.deleteVolume(volume.id);
        for (let n = 0; n < count; n++) {
            const { id } = await this.cinder.createVolume({
                name: `fleet-${this.name}-${String(this.ids.length)}`,
                description: "",
                size: 1,
                volume_type: this.at.type,
                metadata: {},
            });
            this.ids.push(id);
        }
        await waitFor(
            async () => {
                const bad = (await this.cinder.allVolumes()).filter(
                    ({ id, status }) => this.ids.includes(id) && status === "error",
                );
                assert.deepEqual(
                    bad.map(({ name }) => name),
                    [],
                    "volumes of the fleet are in error",
                );
                const view = await this.parts.sites.secondary.pool<{
                    images: Record<string, { state: string }>;
                }>(this.at.pool, { do: "look" });
                return this.ids.every((id) => view.images[`volume-${id}`]?.state === "up+replaying")
                    ? true
                    : undefined;
            },
            {
                what: "the fleet to replay",
                seconds: 600 + count,
                signal: AbortSignal.timeout((900 + count) * 1000),
                every: EVERY,
            },
        );
    }

    /** Writes new random bytes into every volume on one site, beside those of before. */
    async write(role: Role): Promise<void> {
        await this.each(async (id) => {
            const marks = this.marks.get(id) ?? [];
            const mark = { offset: (marks.length + 1) << 20, bytes: randomBytes(BYTES) };
            await this.parts.sites[role].rbd(
                rbd.importDiff(this.spec(id)),
                renderDiff(GIB, mark.offset, mark.bytes),
            );
            this.marks.set(id, [...marks, mark]);
        });
    }

    private async each(work: (id: string) => Promise<void>): Promise<void> {
        await inParallel(this.ids, AT_A_TIME, new AbortController().signal, work);
    }

    /** Every byte ever written must be readable on a site. */
    async expectBytes(role: Role): Promise<void> {
        await this.each(async (id) => {
            const diff = await this.parts.sites[role].rbd(rbd.exportDiff(this.spec(id)));
            for (const { offset, bytes } of this.marks.get(id) ?? [])
                assert.ok(
                    readDiff(diff, offset, BYTES).equals(bytes),
                    `${id} at ${String(offset)} on ${role}`,
                );
        });
    }

    /** What the sites and Cinder say; its hosts are not asked, which costs them seconds of processor. */
    private survey(): Promise<Survey> {
        const { backends } = this.parts.topology;
        const backend = backends.find(({ section }) => section === this.at.section);
        assert.ok(backend);
        return takeSurvey(this.parts, backend, { users: true });
    }

    /**
     * Waits until a planned move may go.
     * @param isFlushed else what nobody flushed is left to the move; rbd-mirror confirms it when it publishes, every 30 s
     */
    async ready(move: "planned" | "failback", isFlushed = true): Promise<void> {
        if (isFlushed) await this.flush(otherSide(targetOf(move)));
        let last = "";
        const limits = {
            what: `${move} to be ready`,
            every: EVERY,
            seconds: 120,
            signal: AbortSignal.timeout(300_000),
            last: () => last,
        };
        await waitFor(async () => {
            const found = blockersOf(await this.survey(), move);
            const stops = found.filter((one) => one.consent === undefined && one.settles !== true);
            last = stops.map(({ subject, fact }) => `${subject}: ${fact}`).join("; ");
            return stops.length === 0 || undefined;
        }, limits);
        await waitFor(async () => {
            const { stdout } = await this.dr("preflight", move, "--json");
            last = stdout;
            return (JSON.parse(stdout) as { ok: boolean }).ok || undefined;
        }, limits);
    }

    private async flush(role: Role): Promise<void> {
        const images = this.ids.map((id) => `volume-${id}`);
        const question = { do: "flush", images };
        const refused = await this.parts.sites[role].refusedImages(this.at.pool, question, 120);
        assert.deepEqual(refused, []);
    }

    /** Flushes, and waits until the other site has confirmed what was written. */
    async replayed(role: Role): Promise<void> {
        let last = "";
        await this.flush(role);
        const there = otherSide(role);
        await waitFor(
            async () => {
                const lags = (await this.survey()).pairs
                    .filter(({ volume }) => this.ids.includes(volume.id))
                    .map((pair) => lagOf(pair[role], pair[there])?.entries);
                last = JSON.stringify(lags);
                return (
                    (lags.length === this.ids.length && lags.every((entries) => entries === 0)) ||
                    undefined
                );
            },
            {
                what: "the fleet to be replayed",
                every: EVERY,
                seconds: 180,
                signal: AbortSignal.timeout(500_000),
                last: () => last,
            },
        );
    }

    /** The consents that a plan asks for, as flags: the number of volumes is the lab's own business. */
    async consents(move: "planned" | "forced" | "failback"): Promise<string[]> {
        const { stdout, output } = await this.dr("preflight", move, "--json");
        const { plan } = JSON.parse(stdout) as {
            plan?: { consents: { name: string; count: number }[] };
        };
        assert.ok(plan, output);
        return plan.consents.flatMap(({ name, count }) => [
            "--accept-loss",
            `${name}=${String(count)}`,
        ]);
    }

    /** Entries of the newest journal. */
    newestJournal(): string {
        const [newest] = this.journalNames().reverse();
        return newest === undefined ? "" : readFileSync(join(this.journals, newest), "utf8");
    }

    private readonly journalNames = (): string[] =>
        readdirSync(this.journals)
            .filter((n) => n.endsWith(".jsonl"))
            .sort();

    /** What a move writes before it has Cinder move the first host. */
    readonly hasCalled = (journal: string): boolean => journal.includes('"step":"failover-host"');

    /**
     * Runs a command, and does something as soon as what it writes into the newest journal satisfies `at`.
     * @returns its end, and whether it had come that far
     */
    async during(
        at: (journal: string) => boolean,
        act: (child: ChildProcess) => unknown,
        words: string[],
        env: NodeJS.ProcessEnv = {},
    ): Promise<Run & { acted: boolean }> {
        const before = this.newestJournal();
        const child = spawn("node", this.args(...words), {
            env: { ...labEnvironment(), ...env, CINDER_DR_JOURNALS: this.journals },
        });
        let [output, stdout] = ["", ""];
        child.stdout.on("data", (text: Buffer) => {
            output += text.toString();
            stdout += text.toString();
        });
        child.stderr.on("data", (text: Buffer) => (output += text.toString()));
        const ended = new Promise((resolve) => child.once("close", resolve));
        const isDue = () => {
            const journal = this.newestJournal();
            return journal !== before && at(journal);
        };
        const acted = await this.untilWritten(isDue, child);
        if (acted) await act(child);
        await ended;
        return { code: child.exitCode ?? 255, output, stdout, acted };
    }

    /** Waits until something that is written into a journal makes it due. @returns false where the command ends before */
    private async untilWritten(isDue: () => boolean, child: ChildProcess): Promise<boolean> {
        // To look every few milliseconds takes a good part of a processor for as long as the command runs.
        const watcher = watch(this.journals);
        try {
            const end = new Promise((resolve) => child.once("exit", resolve));
            for (;;) {
                const change = new Promise((resolve) => watcher.once("change", resolve));
                if (child.exitCode !== null || child.signalCode !== null) return false;
                if (isDue()) return true;
                await Promise.race([change, end]);
            }
        } finally {
            watcher.close();
        }
    }

    newestId(): string {
        const [name = ""] = this.journalNames().slice(-1);
        return name.replace(/\.jsonl$/, "");
    }

    /** The report of the newest operation. */
    report = (...flags: string[]): Promise<Run> =>
        this.plain("cli/bin.js", "report", this.newestId(), ...flags);

    /** Deletes a volume, whatever its status is, and waits until Cinder has. */
    async drop(id: string): Promise<void> {
        await this.cinder.resetStatus("volumes", id, "available");
        await this.cinder.deleteVolume(id);
        const gone = async () => ((await this.cinder.volume(id)) === undefined ? true : undefined);
        const signal = AbortSignal.timeout(300_000);
        await waitFor(gone, { what: `volume ${id} to go`, seconds: 180, signal });
        this.ids.splice(this.ids.indexOf(id), 1);
    }

    /** Every host of the backend is on one side, enabled and not frozen. */
    async expectAllOn(id: "" | "secondary"): Promise<void> {
        const rows = rowsOf(await this.cinder.services(), { ...this.at, otherHosts: [] });
        assert.ok(rows.length > 0);
        assert.deepEqual(
            rows.map((row) => [row.host, row.active_backend_id ?? "", row.status, row.frozen]),
            rows.map((row) => [row.host, id, "enabled", false]),
        );
    }

    /** Waits until Cinder calls services up or down: by their reports, or a minute without one. */
    async untilCalled(wanted: "up" | "down", ...services: string[]): Promise<void> {
        const isSo = async () => {
            const rows = await this.cinder.services();
            const called = rows.filter(
                (row) => services.includes(row.host) && row.state === wanted,
            );
            return called.length === services.length || undefined;
        };
        const limits = { seconds: 120, signal: AbortSignal.timeout(150_000), every: EVERY };
        await waitFor(isSo, { what: `Cinder to call them ${wanted}`, ...limits });
    }

    /** Has Cinder delete all volumes, and does not wait for it. */
    async remove(): Promise<void> {
        for (const id of this.ids.splice(0)) await this.cinder.deleteVolume(id);
    }

    async close(): Promise<void> {
        await this.remove();
        this.parts.close();
        await this.cinder.close();
        rmSync(this.journals, { recursive: true, force: true });
    }
}
