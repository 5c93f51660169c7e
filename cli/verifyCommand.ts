import type { Command } from "commander";

import { isSound, summarize, type Finding } from "../core/finding";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { verify } from "../operations/verify";
import { ExitCode, type Done } from "./exitCode";
import { interruptible } from "./interrupt";
import { formatFinding, Progress } from "./print";
import { CREDENTIALS, readTopology, UsageError, withSource, type Source } from "./topologyFile";

export interface VerifyFlags extends Source {
    backend?: string;
    json?: boolean;
}

export async function runVerify({
    json = false,
    backend,
    ...source
}: VerifyFlags): Promise<ExitCode> {
    const topology = readTopology(source);
    if (backend !== undefined && !topology.backends.some((b) => b.section === backend))
        throw new UsageError(
            `--backend must be one of ${topology.backends.map((b) => b.section).join(", ")}, got '${backend}'`,
        );
    const cinder = new Cinder(findCloud(process.env));
    const progress = new Progress(process.stderr);
    const findings: Finding[] = [];
    const start = performance.now();
    try {
        await verify({
            topology,
            cinder,
            ...(backend === undefined ? {} : { backend }),
            signal: interruptible("the probe"),
            doing: (what) => {
                progress.show(what);
            },
            found: (finding) => {
                findings.push(finding);
                progress.clear();
                if (!json) console.log(formatFinding(finding));
            },
        });
    } finally {
        progress.clear();
        await cinder.close();
    }
    const seconds = Math.round(performance.now() - start) / 1000;
    const sound = isSound(findings);
    if (json) console.log(JSON.stringify({ verb: "verify", ok: sound, seconds, findings }));
    else console.log(`verify: ${summarize(findings)} in ${seconds.toFixed(1)} s`);
    return sound ? ExitCode.Ok : ExitCode.Problem;
}

export const verifyCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("verify")
            .description(
                "prove with a probe volume of each replicated type that the second cluster holds its bytes",
            ),
    )
        .option("--backend <section>", "only types of this backend (default: all)")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", CREDENTIALS)
        .action(async (flags: VerifyFlags) => {
            done(await runVerify(flags));
        });
