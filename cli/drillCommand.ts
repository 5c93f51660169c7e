import { accessSync, constants } from "node:fs";

import { InvalidArgumentError, type Command } from "commander";

import { isSound, summarize } from "../core/finding";
import type { DrillReport } from "../core/drill";
import { wordsOf } from "../core/problem";
import type { Backend, Topology } from "../core/topology";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { drillSession } from "../operations/drillSession";
import { DrillError } from "../operations/drillVolumes";
import { journalFolder, makeFolder } from "../operations/journalFolder";
import { LockedError } from "../operations/siteLock";
import { version } from "../package.json";
import { chooseBackends } from "./backends";
import { completing, sourceIn } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { cleaningUp } from "./interrupt";
import { Output } from "./output";
import { CREDENTIALS, readTopology, UsageError, withSource, type Source } from "./topologyFile";

interface DrillFlags extends Source {
    backend?: string;
    volume?: string[];
    check?: string;
    checkSeconds: number;
    replicateSeconds: number;
    reports?: string;
    breakLock?: string;
    json?: boolean;
}

const HELP = `
The check runs on this machine, by /bin/sh, with the clones' names (pool/clone) as its arguments. Its environment has
CINDER_DR_SITE, CINDER_DR_ADMIN_HOST, CINDER_DR_CLUSTER, CINDER_DR_CONF, CINDER_DR_CEPH_USER, CINDER_DR_CLONES
(left out above 100,000 bytes) and CINDER_DR_CLONES_FILE, the path of a file with one clone's name a line; its stdin is one JSON object {site, images}. The clones are its own to write to. Exit code 0 passes. It gets this command's
environment too: give a secret to it there, never in its words, which every user of this machine can read. Journal, report
and output name its program only.

Needs an admin's credentials: only an admin is told each volume's host.
`;

/** @param text what the user typed @throws InvalidArgumentError unless it is a whole number of seconds above 0 */
const seconds = (text: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(text))
        throw new InvalidArgumentError(`must be 1 to 999999 whole seconds, got '${text}'`);
    return Number(text);
};

function backendsOf(topology: Topology, { backend, volume = [] }: DrillFlags): Backend[] {
    const chosen = chooseBackends(topology, backend);
    if (volume.length > 0 && chosen.length > 1)
        throw new UsageError(
            `--volume must come with --backend (one of ${chosen.map((b) => b.section).join(", ")})`,
        );
    return chosen;
}

/** Where the reports go: known before anything is drilled, since a report is what a drill is for. @throws UsageError */
function reportsFolder(given: string | undefined): string {
    if (given === undefined) return journalFolder();
    try {
        makeFolder(given);
        // «/.» is an error of a file.
        accessSync(`${given}/.`, constants.W_OK | constants.X_OK);
    } catch (error) {
        throw new UsageError(`--reports ${given} is no folder to write to: ${wordsOf(error)}`);
    }
    return given;
}

/** Whether the drill left something that it made. */
const codeOf = (reports: readonly DrillReport[], sound: boolean): ExitCode => {
    if (reports.some(({ left }) => left.length > 0)) return ExitCode.Partial;
    return sound ? ExitCode.Ok : ExitCode.Problem;
};

const summary = ({ images, rpoSeconds, rtoSeconds }: DrillReport): string => {
    const proven = images.filter(({ fault }) => fault === undefined).length;
    const times = [
        ...(rpoSeconds === undefined ? [] : [`RPO at most ${rpoSeconds.toFixed(1)} s`]),
        ...(rtoSeconds === undefined ? [] : [`RTO ${rtoSeconds.toFixed(1)} s`]),
    ];
    return [`${String(proven)} of ${String(images.length)} images proven`, ...times].join(", ");
};

async function runDrill(flags: DrillFlags): Promise<ExitCode> {
    const { json = false, volume = [], check, checkSeconds, replicateSeconds, breakLock } = flags;
    const topology = readTopology(flags);
    const backends = backendsOf(topology, flags);
    const folder = reportsFolder(flags.reports);
    const cinder = new Cinder(findCloud(process.env));
    const out = Output.overJournals(json, completing(flags));
    const reports: DrillReport[] = [];
    const signal = cleaningUp("clones and snapshots, which the next drill removes");
    try {
        for (const backend of backends) {
            const { report, files } = await drillSession({
                topology,
                backend,
                cinder,
                version,
                source: sourceIn(flags),
                volumes: volume,
                ...(check === undefined
                    ? {}
                    : { check: { command: check, seconds: checkSeconds } }),
                replicateSeconds,
                reports: folder,
                ...(breakLock === undefined ? {} : { breakLock }),
                signal,
                found: out.found,
                doing: out.doing,
            });
            reports.push(report);
            out.say(`drill ${backend.section}: ${summary(report)}`);
            if (files.length > 0) out.say(`report: ${files.join(" ")}`);
        }
    } catch (error) {
        if (!(error instanceof LockedError || error instanceof DrillError)) throw error;
        out.found({ state: "problem", subject: "drill", fact: error.message, next: "see above" });
    } finally {
        out.clear();
        await cinder.close();
    }
    const { findings } = out;
    const ok = isSound(findings);
    if (json) console.log(JSON.stringify({ verb: "drill", ok, findings, reports }));
    else console.log(`drill: ${summarize(findings)}`);
    return codeOf(reports, ok);
}

export const drillCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("drill")
            .description(
                "prove on clones that the other site can serve every replicated volume; production is not touched",
            ),
    )
        .option("--backend <section>", "only this backend (default: all)")
        .option("--volume <name or id...>", "only these volumes (default: all replicated ones)")
        .option("--check <command>", "your own check of the clones")
        .option("--check-seconds <n>", "limit of the check", seconds, 600)
        .option("--replicate-seconds <n>", "limit for a snapshot to get across", seconds, 600)
        .option("--reports <folder>", "where the report goes (default: the journals' folder)")
        .option("--break-lock <id>", "take over the lock of an operation that is gone")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", HELP + CREDENTIALS)
        .action(async (flags: DrillFlags) => {
            done(await runDrill(flags));
        });
