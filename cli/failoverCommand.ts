import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { summarize, type Finding } from "../core/finding";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { failoverForced } from "../operations/failoverForced";
import { failoverPlanned } from "../operations/failoverPlanned";
import { Parts } from "../operations/parts";
import { PartialError, RefusedError, type RunOptions } from "../operations/run";
import { LockedError } from "../operations/siteLock";
import { ExitCode, type Done } from "./exitCode";
import { chooseBackend, interruptible } from "./operation";
import { formatFinding, Progress } from "./print";
import { CREDENTIALS, readTopology, UsageError, withSource, type Source } from "./topologyFile";

export interface OperationFlags extends Source {
    backend?: string;
    json?: boolean;
    acceptLoss?: string[];
    breakLock?: string;
}

/** `name=count`, as in `--accept-loss unreplicated=3`. */
function parseAccepted(given: readonly string[] = []): Map<string, number> {
    return new Map(
        given.map((text) => {
            const [, name, count] = /^([a-z][a-zA-Z-]*)=(\d{1,6})$/.exec(text) ?? [];
            if (name === undefined || count === undefined)
                throw new UsageError(`--accept-loss must be NAME=COUNT, got '${text}'`);
            return [name, Number(count)];
        }),
    );
}

/** The package file lies beside the sources, and one folder further up from the built package. */
export const version = (): string => {
    for (const up of ["..", "../.."]) {
        try {
            const text = readFileSync(join(__dirname, up, "package.json"), "utf8");
            return (JSON.parse(text) as { version: string }).version;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        }
    }
    return "unknown";
};

const codeOf = (error: unknown): ExitCode | undefined => {
    if (error instanceof RefusedError || error instanceof LockedError) return ExitCode.Problem;
    if (error instanceof PartialError) return ExitCode.Partial;
    return undefined;
};

/** Runs one operation, prints what it finds, and turns its end into an exit code. */
export async function runOperation(
    verb: string,
    flags: OperationFlags,
    work: (options: RunOptions) => Promise<string>,
): Promise<ExitCode> {
    const { json = false, backend, acceptLoss, breakLock } = flags;
    const topology = readTopology(flags);
    const chosen = chooseBackend(topology, backend);
    const accepted = parseAccepted(acceptLoss);
    const cinder = new Cinder(findCloud(process.env));
    const parts = new Parts(topology, cinder);
    const progress = new Progress(process.stderr);
    const findings: Finding[] = [];
    const plan: string[] = [];
    const start = performance.now();
    const found = (finding: Finding) => {
        findings.push(finding);
        progress.clear();
        if (!json) console.log(formatFinding(finding));
    };
    const options: RunOptions = {
        parts,
        backend: chosen,
        accepted,
        ...(breakLock === undefined ? {} : { breakLock }),
        version: version(),
        signal: interruptible("stopping after this step; `cinder-dr resume` goes on"),
        found,
        doing: (what) => {
            progress.show(what);
        },
        planned: (lines) => {
            plan.push(...lines);
            progress.clear();
            if (!json) for (const line of lines) console.log(`plan    ${line}`);
        },
    };
    let code: ExitCode = ExitCode.Ok;
    let error: string | undefined;
    let id: string | undefined;
    try {
        id = await work(options);
    } catch (thrown) {
        const known = codeOf(thrown);
        if (known === undefined && json)
            console.log(JSON.stringify({ verb, ok: false, plan, findings, error: String(thrown) }));
        if (known === undefined) throw thrown;
        code = known;
        error = (thrown as Error).message;
        if (thrown instanceof RefusedError)
            for (const { subject, fact, next } of thrown.blockers)
                found({ state: "problem", subject, fact, next });
    } finally {
        progress.clear();
        parts.close();
        await cinder.close();
    }
    const seconds = Math.round(performance.now() - start) / 1000;
    if (json)
        console.log(
            JSON.stringify({ verb, ok: code === ExitCode.Ok, id, seconds, plan, findings, error }),
        );
    else {
        if (error !== undefined) console.error(`cinder-dr: ${error}`);
        console.log(
            `${verb}: ${summarize(findings)} in ${seconds.toFixed(1)} s${id === undefined ? "" : `; cinder-dr report ${id}`}`,
        );
    }
    return code;
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** Options of every operation that changes something. */
export const withOperation = (command: Command): Command =>
    withSource(command)
        .option("--backend <section>", "the backend (needed when the topology has several)")
        .option(
            "--accept-loss <name=count>",
            "your word for one loss that the plan names; may be given several times",
            collect,
        )
        .option("--break-lock <id>", "take over the lock of an operation that is known to be gone")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", CREDENTIALS);

interface FailoverFlags extends OperationFlags {
    planned?: boolean;
    forced?: boolean;
    fenced?: string;
    rbdMirrorStopped?: boolean;
    writeRows?: boolean;
}

const given = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
    value === undefined ? {} : ({ [key]: value } as Record<K, V>);

export const failoverCommand = (root: Command, done: Done): Command =>
    withOperation(
        root
            .command("failover")
            .description("move a backend to the secondary site, and prove it in Cinder and Ceph")
            .option(
                "--planned",
                "both sites live: nothing is lost, refused unless every image is ready",
            )
            .option("--forced", "the primary is dead or cut off: its last writes are lost")
            .option(
                "--fenced <how>",
                "with --forced: the primary lives and no client can write to it; how that was done",
            )
            .option(
                "--rbd-mirror-stopped",
                "with --forced: you have stopped the secondary's rbd-mirror yourself",
            )
            .option(
                "--write-rows",
                "with --forced: where cinder-volume hangs or is down, write its rows through the host's own Cinder",
            ),
    ).action(async ({ planned = false, forced = false, ...flags }: FailoverFlags) => {
        if (planned === forced) throw new UsageError("name either --planned or --forced");
        const { fenced, rbdMirrorStopped, writeRows, ...common } = flags;
        const recorded = {
            stack: flags.stack,
            topology: flags.topology,
            acceptLoss: flags.acceptLoss,
        };
        if (planned) {
            if (fenced !== undefined || rbdMirrorStopped === true || writeRows === true)
                throw new UsageError(
                    "--fenced, --rbd-mirror-stopped and --write-rows go with --forced only",
                );
            done(
                await runOperation("failover --planned", common, (options) =>
                    failoverPlanned(options, recorded),
                ),
            );
            return;
        }
        const more = {
            ...given("fenced", fenced),
            ...given("mirrorStopped", rbdMirrorStopped),
            ...given("writeRows", writeRows),
        };
        done(
            await runOperation("failover --forced", common, (options) =>
                failoverForced({ ...options, ...more }, { ...recorded, ...more }),
            ),
        );
    });
