import { InvalidArgumentError, type Command } from "commander";

import { isSound, summarize } from "../core/finding";
import { wordsOf } from "../core/problem";
import type { ServerPlan } from "../core/serverPlan";
import type { Backend, Topology } from "../core/topology";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { BusyError } from "../operations/claim";
import { Nova } from "../operations/nova";
import { ServersError } from "../operations/servers";
import type { ReattachResult } from "../operations/serversSession";
import { LockedError } from "../operations/siteLock";
import { chooseBackends } from "./backends";
import { completing } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { cleaningUp } from "./interrupt";
import { Output } from "./output";
import { onBackend, power, type ServersFlags } from "./serversOnBackend";
import { CREDENTIALS, readTopology, UsageError, withSource } from "./topologyFile";

const HELP = `
Without --reattach nothing is changed. Reboot, hard reboot, and stop with start keep the old connection, and a hard
reboot may put a server in ERROR: they are never used. Detach and attach, or shelve and unshelve, fetch the new one.

Needs an admin's credentials, for Cinder and Nova.
`;

const count = (text: string): number => {
    if (!/^[1-9]\d{0,3}$/.test(text))
        throw new InvalidArgumentError(`must be a whole number of 1 to 9999, got '${text}'`);
    return Number(text);
};

function backendsOf(
    topology: Topology,
    { backend, server = [], reattach, stop, start, evacuate }: ServersFlags,
): Backend[] {
    if ([reattach, stop, start].filter(Boolean).length > 1)
        throw new UsageError("name one of --reattach, --stop and --start");
    if (evacuate !== undefined && (stop === true || start === true))
        throw new UsageError("--evacuate goes with --reattach");
    const chosen = chooseBackends(topology, backend);
    if (server.length > 0 && chosen.length > 1)
        throw new UsageError(
            `--server must come with --backend (one of ${chosen.map((b) => b.section).join(", ")})`,
        );
    return chosen;
}

const codeOf = (results: readonly ReattachResult[], sound: boolean): ExitCode => {
    if (sound) return ExitCode.Ok;
    const changed = results.some(({ cured, failed }) => cured.length + failed.length > 0);
    return changed ? ExitCode.Partial : ExitCode.Problem;
};

async function runServers(flags: ServersFlags): Promise<ExitCode> {
    const topology = readTopology(flags);
    const backends = backendsOf(topology, flags);
    const cloud = findCloud(process.env);
    const clients = { cinder: new Cinder(cloud), nova: new Nova(cloud) };
    const out = Output.overJournals(flags.json === true, completing(flags));
    const isPower = flags.stop === true || flags.start === true;
    const left = isPower ? "the servers as they are" : "the server being worked on as it is";
    const signal = cleaningUp(`${left}; the same command goes on`);
    const seen: { backend: string; active: string; servers: ServerPlan[] }[] = [];
    const results: ReattachResult[] = [];
    let failed = 0;
    try {
        for (const backend of backends) {
            if (isPower) {
                failed += await power(flags, topology, backend, clients, out, signal);
                continue;
            }
            const { view, result } = await onBackend(
                flags,
                topology,
                backend,
                clients,
                out,
                signal,
            );
            seen.push({ backend: backend.section, active: view.active, servers: view.plans });
            if (result !== undefined) results.push(result);
        }
    } catch (error) {
        if (![LockedError, BusyError, ServersError].some((kind) => error instanceof kind))
            throw error;
        out.found({
            state: "problem",
            subject: "servers",
            fact: wordsOf(error),
            next: "see above",
        });
    } finally {
        out.clear();
        await Promise.all([clients.cinder.close(), clients.nova.close()]);
    }
    const { findings } = out;
    const ok = isSound(findings);
    if (flags.json === true)
        console.log(JSON.stringify({ verb: "servers", ok, findings, backends: seen, results }));
    else console.log(`servers: ${summarize(findings)}`);
    return failed > 0 ? ExitCode.Partial : codeOf(results, ok);
}

export const serversCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("servers")
            .description(
                "find the servers whose volumes are connected to the site that is no longer active, and re-attach them",
            ),
    )
        .option("--backend <section>", "only this backend (default: all)")
        .option("--server <name or id...>", "only these servers (default: all that need it)")
        .option("--reattach", "do what the plan says, and prove it by the new connections")
        .option(
            "--evacuate <host...>",
            "with --reattach: these compute hosts are down, and you know that they are off: build their servers anew elsewhere",
        )
        .option("--stop", "stop every running server of the backend, before a planned failover")
        .option("--start", "start the servers again that --stop has stopped")
        .option("--batch <n>", "servers worked on at a time", count, 1)
        .option("--max-failures <n>", "begin no further server once so many have failed", count, 1)
        .option("--break-lock <id>", "take over the lock of an operation that is gone")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", HELP + CREDENTIALS)
        .action(async (flags: ServersFlags) => {
            done(await runServers(flags));
        });
