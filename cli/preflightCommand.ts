import { Argument, type Command } from "commander";

import { planLines } from "../core/preflight";
import type { Move } from "../core/survey";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { unreadJournals } from "../operations/journalFolder";
import { Parts } from "../operations/parts";
import { preflight } from "../operations/preflight";
import { ExitCode, type Done } from "./exitCode";
import { chooseBackend, needed } from "./backends";
import { completeAll, completing } from "./completing";
import { interruptible } from "./interrupt";
import { formatFinding, Progress } from "./print";
import { CREDENTIALS, readTopology, withSource, type Source } from "./topologyFile";

interface PreflightFlags extends Source {
    backend?: string;
    json?: boolean;
}

export async function runPreflight(
    move: Move,
    { json = false, backend, ...source }: PreflightFlags,
): Promise<ExitCode> {
    const topology = readTopology(source);
    const chosen = chooseBackend(topology, backend);
    const cinder = new Cinder(findCloud(process.env));
    const parts = new Parts(topology, cinder);
    const progress = new Progress(process.stderr);
    try {
        progress.show("asking Cinder, its hosts and both clusters");
        const plan = completeAll(
            await preflight(parts, chosen, move, interruptible("stopping")),
            completing({ ...source, backend: needed(topology, chosen.section) }),
        );
        progress.clear();
        const findings = unreadJournals();
        const stops = plan.blockers.filter(
            ({ consent, settles }) =>
                !settles && !plan.consents.some(({ name }) => name === consent),
        );
        const ok = stops.length === 0;
        if (json) {
            console.log(JSON.stringify({ verb: "preflight", ok, findings, plan }));
            return ok ? ExitCode.Ok : ExitCode.Problem;
        }
        for (const finding of findings) console.log(formatFinding(finding));
        for (const line of planLines(plan)) console.log(`plan    ${line}`);
        for (const { subject, fact, next, consent, settles } of plan.blockers)
            console.log(
                formatFinding({
                    state: consent === undefined && !settles ? "problem" : "warning",
                    subject,
                    fact,
                    next,
                }),
            );
        console.log(
            ok
                ? `preflight: may go${plan.consents.length > 0 ? " with the consents named above" : ""}`
                : `preflight: ${String(stops.length)} blocker(s)`,
        );
        return ok ? ExitCode.Ok : ExitCode.Problem;
    } finally {
        progress.clear();
        parts.close();
        await cinder.close();
    }
}

export const preflightCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("preflight")
            .description(
                "show what a failover or failback would do, what it would cost, and what stands in its way",
            )
            .addArgument(
                new Argument("<move>", "what is meant").choices(["planned", "forced", "failback"]),
            ),
    )
        .option("--backend <section>", "the backend (needed when the topology has several)")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", CREDENTIALS)
        .action(async (move: Move, flags: PreflightFlags) => {
            done(await runPreflight(move, flags));
        });
