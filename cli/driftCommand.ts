import type { Command } from "commander";

import { summarizeDrift, type DriftItem, type DriftState } from "../core/drift/item";
import { driftFileName, NO_DRIFT } from "../core/drift/record";
import { toShell } from "../core/shell";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { drift } from "../operations/drift";
import { readDriftRecord, writeDriftRecord, type Recorded } from "../operations/driftRecord";
import { completeAll, completing, type Complete } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { Progress } from "./print";
import { CREDENTIALS, readTopology, UsageError, withSource, type Source } from "./topologyFile";

export interface DriftFlags extends Source {
    json?: boolean;
    /** true: the stack's own file. */
    record?: string | true;
}

const MARKS: Record<DriftState, string> = {
    ok: "ok         ",
    drifted: "DRIFTED    ",
    "cannot see": "cannot see ",
};

/** One item as a line of plain text; what the topology asks for and the next action stand below it. */
export function formatDriftItem({ part, subject, state, found, wanted, next }: DriftItem): string {
    const lines = [`${MARKS[state]}${part}: ${subject}: ${found}`];
    if (wanted !== undefined) lines.push(`           topology: ${wanted}`);
    if (next !== undefined && next !== "") lines.push(`           next: ${next}`);
    return lines.join("\n");
}

const recordedLine = ({ file, parts }: Recorded): string =>
    parts.length === 0
        ? `recorded in ${file}: nothing drifted`
        : `recorded in ${file}: ${parts.join(", ")}; the next \`pulumi preview\` shows it`;

const codeOf = (items: readonly DriftItem[]): ExitCode => {
    if (items.some((item) => item.state === "drifted")) return ExitCode.Problem;
    return items.some((item) => item.state === "cannot see") ? ExitCode.Failed : ExitCode.Ok;
};

/** Where the record goes. @throws UsageError when the command line does not say it */
function recordFile({ record, stack }: DriftFlags): string | undefined {
    if (record !== true) return record;
    if (stack === undefined)
        throw new UsageError("--record needs a file's name when the topology is not a stack's");
    return driftFileName(stack);
}

/** Makes the commands of its items complete; a record that no stack names the file of is for one whose name is not known here. */
function completingDrift(flags: DriftFlags): Complete {
    const complete = completing(flags);
    if (flags.stack !== undefined) return complete;
    const file = typeof flags.record === "string" ? flags.record : driftFileName("STACK");
    const named = `drift --record ${toShell([file])}\``;
    return (text) => complete(text.replaceAll("drift --record`", () => named));
}

export async function runDrift(flags: DriftFlags): Promise<ExitCode> {
    const { json = false } = flags;
    const topology = readTopology(flags);
    const file = recordFile(flags);
    const before = file === undefined ? NO_DRIFT : readDriftRecord(file);
    const cinder = new Cinder(findCloud(process.env));
    const progress = new Progress(process.stderr);
    const items: DriftItem[] = [];
    const complete = completingDrift(flags);
    let step = "";
    const start = performance.now();
    try {
        await drift({
            topology,
            cinder,
            doing: (what) => {
                step = what;
                progress.show(what);
            },
            found: (seen) => {
                items.push(...seen);
                if (json) return;
                progress.clear();
                for (const item of seen) console.log(complete(formatDriftItem(item)));
                progress.show(step);
            },
        });
    } finally {
        progress.clear();
        await cinder.close();
    }
    const seconds = Math.round(performance.now() - start) / 1000;
    const code = codeOf(items);
    const recorded = file === undefined ? undefined : writeDriftRecord(file, before, items);
    if (json)
        console.log(
            JSON.stringify({
                verb: "drift",
                ok: code === ExitCode.Ok,
                seconds,
                items: completeAll(items, complete),
                recorded,
            }),
        );
    else {
        if (recorded !== undefined) console.log(recordedLine(recorded));
        console.log(`drift: ${summarizeDrift(items)} in ${seconds.toFixed(1)} s`);
    }
    return code;
}

const ABOUT = `
Exit code 3 when something drifted, 1 when nothing did but something cannot be seen.
\`pulumi refresh\` sees none of it but the volume types: a command on a host has no read.
`;

export const driftCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("drift")
            .description(
                "compare hosts, clusters and volume types with the topology; changes nothing",
            ),
    )
        .option(
            "--record [file]",
            "write what drifted to cinder-dr.drift.<stack>.json, which the next preview reads",
        )
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", ABOUT + CREDENTIALS)
        .action(async (flags: DriftFlags) => {
            done(await runDrift(flags));
        });
