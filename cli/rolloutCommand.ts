import type { Command } from "commander";

import { isApplied, type HostStanding } from "../core/hostReport";
import { rollout } from "../operations/rollout";
import { ExitCode, type Done } from "./exitCode";
import { Progress } from "./print";
import { readTopology, withSource, type Source } from "./topologyFile";

export interface RolloutFlags extends Source {
    json?: boolean;
}

/** One host as a line of plain text; the next action stands on a second line. */
export function formatStanding(standing: HostStanding): string {
    const { host, fact, next, at } = standing;
    const shown = standing.protected === false ? ", not protected" : "";
    const line = `${standing.standing.padEnd(11)} ${host}: ${fact}${shown}${at === undefined ? "" : ` (${at})`}`;
    return next === "" ? line : `${line}\n            next: ${next}`;
}

const codeOf = (all: readonly HostStanding[]): ExitCode => {
    const rest = all.filter((standing) => !isApplied(standing));
    if (rest.length === 0) return ExitCode.Ok;
    return rest.every(({ standing }) => standing === "not reached")
        ? ExitCode.Failed
        : ExitCode.Problem;
};

export async function runRollout({ json = false, ...source }: RolloutFlags): Promise<ExitCode> {
    const topology = readTopology(source);
    const progress = new Progress(process.stderr);
    const start = performance.now();
    progress.show(`asking ${String(topology.hosts.length)} hosts`);
    const hosts = await rollout(topology, new AbortController().signal).finally(() => {
        progress.clear();
    });
    const seconds = Math.round(performance.now() - start) / 1000;
    const code = codeOf(hosts);
    if (json)
        console.log(JSON.stringify({ verb: "rollout", ok: code === ExitCode.Ok, seconds, hosts }));
    else {
        for (const standing of hosts) console.log(formatStanding(standing));
        const applied = hosts.filter(isApplied).length;
        console.log(
            `rollout: ${String(applied)} of ${String(hosts.length)} hosts have this topology, in ${seconds.toFixed(1)} s`,
        );
    }
    return code;
}

const ABOUT = `
Reads the result file of each host and changes nothing. Exit code 3 when a host does not have this topology,
1 when hosts could not be reached and all others have it.

Credentials: the SSH agent or the topology's identityFile. Pulumi, its state and OpenStack are not needed.
`;

export const rolloutCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("rollout")
            .description(
                "show for each Cinder host how its last push ended, and whether it is up to date",
            ),
    )
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", ABOUT)
        .action(async (flags: RolloutFlags) => {
            done(await runRollout(flags));
        });
