import type { Command } from "commander";

import { isSound, summarize } from "../core/finding";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { verify } from "../operations/verify";
import { chooseBackends } from "./backends";
import { completing } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { cleaningUp } from "./interrupt";
import { Output } from "./output";
import { CREDENTIALS, readTopology, withSource, type Source } from "./topologyFile";

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
    if (backend !== undefined) chooseBackends(topology, backend);
    const cinder = new Cinder(findCloud(process.env));
    const out = new Output(json, completing(source));
    const start = performance.now();
    try {
        await verify({
            topology,
            cinder,
            ...(backend === undefined ? {} : { backend }),
            signal: cleaningUp("the probe"),
            doing: out.doing,
            found: out.found,
        });
    } finally {
        out.clear();
        await cinder.close();
    }
    const seconds = Math.round(performance.now() - start) / 1000;
    const { findings } = out;
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
