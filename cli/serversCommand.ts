import { InvalidArgumentError, type Command } from "commander";

import { isSound, summarize, type Finding } from "../core/finding";
import { wordsOf } from "../core/problem";
import type { ServerPlan } from "../core/serverPlan";
import type { Backend, Topology } from "../core/topology";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { BusyError } from "../operations/journal";
import { Nova } from "../operations/nova";
import { lookAtServers, ServersError, type ServersView } from "../operations/servers";
import { startServers, stopServers } from "../operations/serversPower";
import { reattach, unfinishedReattach, type ReattachResult } from "../operations/serversSession";
import { chosen, isCurable } from "../operations/sessionPlan";
import { LockedError } from "../operations/siteLock";
import { version } from "../package.json";
import { chooseBackends } from "./backends";
import { completing, sourceIn } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { cleaningUp } from "./interrupt";
import { Output } from "./output";
import { CREDENTIALS, readTopology, UsageError, withSource, type Source } from "./topologyFile";

interface ServersFlags extends Source {
    backend?: string;
    server?: string[];
    reattach?: boolean;
    evacuate?: string[];
    stop?: boolean;
    start?: boolean;
    batch: number;
    maxFailures: number;
    breakLock?: string;
    json?: boolean;
}

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

/** The plan of one server as a line; what is by hand is a problem with its commands. */
function findingOf(plan: ServerPlan): Finding {
    const wrong = plan.volumes.filter(({ fault }) => fault !== undefined);
    const subject = `${plan.name} (${plan.id}, ${plan.status}${plan.host === "" ? "" : ` on ${plan.host}`})`;
    if (plan.cure === "none") return { state: "ok", subject, fact: plan.why };
    const volumes = wrong.map(
        (v) => `${v.volumeName} ${v.device}${v.isRoot ? " (boots from it)" : ""}: ${v.fault ?? ""}`,
    );
    return {
        state: "problem",
        subject,
        fact: volumes.join("; "),
        next: plan.cure === "by hand" ? `by hand: ${plan.why}` : `--reattach: ${plan.why}`,
    };
}

const othersOf = ({ others }: ServersView): Finding[] =>
    others
        .filter(({ fault }) => fault !== undefined)
        .map(({ attachment, fault }) => ({
            state: "warning",
            subject: `attachment ${attachment.id}`,
            fact: `of volume ${attachment.volume_id}, by ${(attachment.instance ?? "") === "" ? "no server" : `server ${attachment.instance ?? ""}, which Nova does not know`}: ${fault ?? ""}`,
            next: "find out what uses the volume there, and connect it anew",
        }));

/** --stop or --start of one backend. @returns how many servers failed; none where nothing was done */
async function power(
    flags: ServersFlags,
    topology: Topology,
    backend: Backend,
    clients: { cinder: Cinder; nova: Nova },
    { found, doing }: Output,
    signal: AbortSignal,
): Promise<number> {
    const { batch, breakLock } = flags;
    const source = sourceIn(flags);
    const options = {
        ...{ ...clients, topology, backend, version, source, batch, signal, found, doing },
        ...(breakLock === undefined ? {} : { breakLock }),
    };
    if (flags.stop === true) return stopServers(options);
    const { done, failed, held } = await startServers(options);
    return done + failed === 0 ? 0 : failed + held;
}

/** Plan or cure of one backend. @returns the view, and the result of --reattach */
async function onBackend(
    flags: ServersFlags,
    topology: Topology,
    backend: Backend,
    clients: { cinder: Cinder; nova: Nova },
    { say, found, doing }: Output,
    signal: AbortSignal,
): Promise<{ view: ServersView; result?: ReattachResult }> {
    const servers = flags.server ?? [];
    if (flags.reattach !== true) {
        doing("looking at every attachment");
        const { cinder, nova } = clients;
        const off = flags.evacuate ?? [];
        const view = await lookAtServers(cinder, nova, topology, backend, signal, off);
        for (const plan of chosen(view.plans, servers)) found(findingOf(plan));
        for (const finding of othersOf(view)) found(finding);
        const unfinished = unfinishedReattach(backend.section);
        if (unfinished !== undefined)
            found({
                state: "problem",
                subject: unfinished,
                fact: "is not finished: volumes that it has detached are in no plan above",
                next: `--reattach goes on with it; \`cinder-dr report ${unfinished}\` shows it`,
            });
        return { view };
    }
    let view: ServersView | undefined;
    const result = await reattach({
        ...clients,
        topology,
        backend,
        version,
        source: sourceIn(flags),
        servers,
        batch: flags.batch,
        maxFailures: flags.maxFailures,
        ...(flags.evacuate === undefined ? {} : { evacuate: flags.evacuate }),
        ...(flags.breakLock === undefined ? {} : { breakLock: flags.breakLock }),
        signal,
        found,
        doing,
        planned: (seen) => {
            view = seen;
            for (const plan of seen.plans)
                if (isCurable(plan)) say(`plan    ${plan.name} (${plan.id}): ${plan.why}`);
                else if (plan.cure === "by hand") found(findingOf(plan));
            for (const finding of othersOf(seen)) found(finding);
        },
    });
    const { cured, failed, gone, notBegun, byHand } = result;
    const deleted = gone.length === 0 ? "" : `, ${String(gone.length)} deleted meanwhile`;
    say(
        `servers ${backend.section}: ${String(cured.length)} cured, ${String(failed.length)} failed, ${String(notBegun.length)} not begun, ${String(byHand.length)} by hand${deleted}; journal ${result.id}`,
    );
    if (view === undefined) throw new Error("reattach has shown no plan");
    return { view, result };
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
