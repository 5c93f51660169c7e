import type { Command } from "commander";

import { isSound, summarize } from "../core/finding";
import type { BackendStatus, VolumeStatus } from "../core/status";
import { verdictLine } from "../core/verdict";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { Parts } from "../operations/parts";
import { status } from "../operations/status";
import { ExitCode, type Done } from "./exitCode";
import { chooseBackends, needed } from "./backends";
import { completeAll, completing } from "./completing";
import { interruptible } from "./interrupt";
import { formatFinding, Progress } from "./print";
import { CREDENTIALS, readTopology, withSource, type Source } from "./topologyFile";

interface StatusFlags extends Source {
    backend?: string;
    json?: boolean;
    volumes?: boolean;
}

const lagText = ({ lag }: VolumeStatus): string =>
    lag.entries === undefined
        ? "lag not known"
        : `${String(lag.entries)} entries${lag.bytes === undefined ? "" : `, ${String(lag.bytes)} bytes`}${lag.seconds === undefined ? "" : `, at most ${lag.seconds.toFixed(1)} s`} behind`;

function formatVolume(volume: VolumeStatus): string {
    const images = Object.entries(volume.images).map(([site, image]) => `${site}: ${image}`);
    return [
        `        ${volume.id}${volume.name === "" ? "" : ` (${volume.name})`} ${volume.status}`,
        `replication ${volume.replicationStatus ?? "null"}`,
        ...images,
        ...(Object.keys(volume.lag).length > 0 ? [lagText(volume)] : []),
    ].join("; ");
}

export async function runStatus({
    json = false,
    backend,
    volumes = false,
    ...source
}: StatusFlags): Promise<ExitCode> {
    const topology = readTopology(source);
    const backends = chooseBackends(topology, backend);
    const cinder = new Cinder(findCloud(process.env));
    const parts = new Parts(topology, cinder);
    const progress = new Progress(process.stderr);
    const start = performance.now();
    let seen: BackendStatus[];
    try {
        progress.show("asking Cinder and both clusters");
        const found = await status(parts, backends, interruptible("stopping"));
        seen = found.map((one) => {
            const named = needed(topology, one.verdict.backend);
            return completeAll(one, completing({ ...source, backend: named }));
        });
    } finally {
        progress.clear();
        parts.close();
        await cinder.close();
    }
    const seconds = Math.round(performance.now() - start) / 1000;
    const findings = seen.flatMap((one) => one.findings);
    const sound = isSound(findings);
    if (json) console.log(JSON.stringify({ verb: "status", ok: sound, seconds, backends: seen }));
    else
        for (const one of seen) {
            for (const finding of one.findings) console.log(formatFinding(finding));
            if (volumes) for (const volume of one.volumes) console.log(formatVolume(volume));
            console.log(`status: ${verdictLine(one.verdict)}`);
        }
    if (!json) console.log(`status: ${summarize(findings)} in ${seconds.toFixed(1)} s`);
    return sound ? ExitCode.Ok : ExitCode.Problem;
}

export const statusCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("status")
            .description(
                "show services, volumes and their images on both clusters, and what may be done now",
            ),
    )
        .option("--backend <section>", "only this backend (default: all)")
        .option("--volumes", "a line for each volume too (--json always has them)")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", CREDENTIALS)
        .action(async (flags: StatusFlags) => {
            done(await runStatus(flags));
        });
