import { Command, CommanderError } from "commander";

import { ProblemsError, wordsOf } from "../core/problem";
import { adoptCommand } from "./adoptCommand";
import { driftCommand } from "./driftCommand";
import { drillCommand } from "./drillCommand";
import { ExitCode, type Done } from "./exitCode";
import { failbackCommand } from "./failbackCommand";
import { failoverCommand } from "./failoverCommand";
import { preflightCommand } from "./preflightCommand";
import { reportCommand } from "./reportCommand";
import { resumeCommand } from "./resumeCommand";
import { retireUserCommand } from "./retireUserCommand";
import { reviewCommand } from "./reviewCommand";
import { rolloutCommand } from "./rolloutCommand";
import { serversCommand } from "./serversCommand";
import { statusCommand } from "./statusCommand";
import { UsageError } from "./topologyFile";
import { verifyCommand } from "./verifyCommand";

const EXIT_CODES = `
Exit codes:
  0  ok
  1  something could not be done or seen
  2  the command line or the topology is wrong; nothing was connected to
  3  a problem was found, or the verb refused; nothing was changed
  4  done in part
`;

/** The verbs, each in a file of its own, in the order in which they are needed. */
const VERBS: Record<string, ((root: Command, done: Done) => Command)[]> = {
    Declare: [adoptCommand, rolloutCommand, verifyCommand, retireUserCommand],
    Guard: [reviewCommand, driftCommand],
    Operate: [
        statusCommand,
        drillCommand,
        preflightCommand,
        failoverCommand,
        serversCommand,
        failbackCommand,
        resumeCommand,
        reportCommand,
    ],
};

function program(done: Done): Command {
    const root = new Command("cinder-dr")
        .description("Disaster recovery for OpenStack Cinder on Ceph")
        .exitOverride()
        .showHelpAfterError("(cinder-dr --help shows what there is)")
        .addHelpText("after", EXIT_CODES);
    for (const [part, verbs] of Object.entries(VERBS))
        for (const verb of verbs)
            verb(root, done).helpGroup(`${part}:`).addHelpText("after", EXIT_CODES);
    return root;
}

function codeOf(error: unknown): ExitCode {
    if (error instanceof UsageError || error instanceof ProblemsError) return ExitCode.Usage;
    return ExitCode.Failed;
}

/** Runs the command line and returns its exit code; errors are one sentence on stderr. */
export async function main(argv: string[]): Promise<ExitCode> {
    let code = ExitCode.Ok;
    try {
        await program((result) => (code = result)).parseAsync(argv);
    } catch (error) {
        // Commander has said it already; help is no error.
        if (error instanceof CommanderError)
            return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
        const message = wordsOf(error);
        const asJson = argv.includes("--json");
        if (asJson) console.log(JSON.stringify({ verb: argv[2], ok: false, error: message }));
        console.error(`cinder-dr: ${message}`);
        return codeOf(error);
    }
    return code;
}
