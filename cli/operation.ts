import type { Command } from "commander";

import { summarize } from "../core/finding";
import { wordsOf } from "../core/problem";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { BusyError } from "../operations/claim";
import { Parts } from "../operations/parts";
import { PartialError, RefusedError } from "../operations/operationEnd";
import { type RunOptions } from "../operations/run";
import { LockedError } from "../operations/siteLock";
import { version } from "../package.json";
import { chooseBackend, needed } from "./backends";
import { completing, sourceIn } from "./completing";
import { ExitCode } from "./exitCode";
import { interruptible } from "./interrupt";
import { Output } from "./output";
import { onTerminal } from "./print";
import { CREDENTIALS, readTopology, UsageError, withSource, type Source } from "./topologyFile";

export interface OperationFlags extends Source {
    backend?: string;
    json?: boolean;
    acceptLoss?: string[];
    breakLock?: string;
    /** The operation that is gone on with by another source than its journal's. */
    resumed?: string;
}

/** A flag's number. @throws UsageError */
export function wholeNumber(flag: string, text: string): number {
    if (!/^\d{1,15}$/.test(text))
        throw new UsageError(`${flag} must be a whole number, got '${text}'`);
    return Number(text);
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

const codeOf = (error: unknown): ExitCode => {
    if (error instanceof RefusedError || error instanceof LockedError) return ExitCode.Problem;
    if (error instanceof BusyError) return ExitCode.Problem;
    return error instanceof PartialError ? ExitCode.Partial : ExitCode.Failed;
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
    const complete = completing({ ...flags, backend: needed(topology, chosen.section) });
    const out = Output.overJournals(json, complete);
    const plan: string[] = [];
    const start = performance.now();
    const options: RunOptions = {
        parts,
        backend: chosen,
        accepted,
        ...(breakLock === undefined ? {} : { breakLock }),
        version,
        source: sourceIn(flags),
        signal: interruptible(
            complete(
                "stopping after this step; `cinder-dr resume` goes on, or names the command that does. Once more ends at once, and leaves hosts, services and rbd-mirror as they are then",
            ),
        ),
        found: out.found,
        doing: out.doing,
        planned: (lines) => {
            plan.push(...lines);
            for (const line of lines) out.say(`plan    ${line}`);
        },
    };
    let code: ExitCode = ExitCode.Ok;
    let error: string | undefined;
    let id: string | undefined;
    try {
        id = await work(options);
    } catch (thrown) {
        // A wrong word on the command line is the command line's business.
        if (thrown instanceof UsageError) throw thrown;
        code = codeOf(thrown);
        error = complete(wordsOf(thrown));
        if (thrown instanceof RefusedError)
            for (const { subject, fact, next } of thrown.blockers)
                out.found({ state: "problem", subject, fact, next });
    } finally {
        out.clear();
        parts.close();
        await cinder.close();
    }
    const { findings } = out;
    const seconds = Math.round(performance.now() - start) / 1000;
    if (json)
        console.log(
            JSON.stringify({ verb, ok: code === ExitCode.Ok, id, seconds, plan, findings, error }),
        );
    else {
        if (error !== undefined) console.error(`cinder-dr: ${onTerminal(error)}`);
        console.log(
            `${verb}: ${summarize(findings)} in ${seconds.toFixed(1)} s${id === undefined ? "" : `; cinder-dr report ${id}`}`,
        );
    }
    return code;
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** What a journal keeps of the flags, to go on with the same ones. */
export const recorded = (
    { stack, topology, breakLock }: OperationFlags,
    { accepted }: RunOptions,
) => ({
    stack,
    topology,
    breakLock,
    acceptLoss: [...accepted].map(([name, count]) => `${name}=${String(count)}`),
});

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
