import { Command, CommanderError } from "commander";

import { ProblemsError } from "../core/problem";
import { ExitCode } from "./exitCode";
import { UsageError } from "./topologyFile";
import { runVerify, type VerifyFlags } from "./verifyCommand";

const EXIT_CODES = `
Exit codes:
  0  ok
  1  something could not be done or seen
  2  the command line or the topology is wrong; nothing was connected to
  3  a problem was found
`;

const CREDENTIALS = `
Credentials: OS_CLOUD (clouds.yaml) or the OS_* variables for OpenStack, the SSH agent or the topology's
identityFile for the admin hosts. Pulumi, its state and its passphrase are not needed.
`;

function program(done: (code: ExitCode) => void): Command {
    const root = new Command("cinder-dr")
        .description("Disaster recovery for OpenStack Cinder on Ceph")
        .exitOverride()
        .showHelpAfterError("(cinder-dr --help shows what there is)")
        .addHelpText("after", EXIT_CODES);
    root.command("verify")
        .description(
            "prove with a probe volume of each replicated type that the second cluster holds its bytes",
        )
        .option("--stack <name>", "stack whose Pulumi.<name>.yaml holds the topology")
        .option("--topology <file>", "file with the topology, or a stack's file")
        .option("--backend <section>", "only types of this backend (default: all)")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", CREDENTIALS + EXIT_CODES)
        .action(async (flags: VerifyFlags) => {
            done(await runVerify(flags));
        });
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
        const message = error instanceof Error ? error.message : String(error);
        const asJson = argv.includes("--json");
        if (asJson) console.log(JSON.stringify({ verb: argv[2], ok: false, error: message }));
        console.error(`cinder-dr: ${message}`);
        return codeOf(error);
    }
    return code;
}
