import { createRequire } from "node:module";

import { Command, CommanderError } from "commander";

import { ProblemsError, wordsOf } from "../core/problem";
import { completing, type RunWords } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { onTerminal } from "./print";
import { UsageError } from "./topologyFile";

const EXIT_CODES = `
Exit codes:
  0  ok
  1  something could not be done or seen
  2  the command line or the topology is wrong; nothing was connected to
  3  a problem was found, or the verb refused; nothing was changed
  4  done in part
`;

/** The verbs, in the order in which they are needed; `retire-user` is retireUserCommand of ./retireUserCommand. */
const VERBS: Record<string, readonly string[]> = {
    Declare: ["adopt", "rollout", "verify", "retire-user"],
    Guard: ["review", "drift"],
    Operate: [
        ...["status", "drill", "preflight", "failover", "servers"],
        ...["failback", "resume", "report"],
    ],
};

type Verb = (root: Command, done: Done) => Command;

const own = createRequire(__filename);

function verbOf(name: string): Verb {
    const made = `${name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase())}Command`;
    const verb = (own(`./${made}`) as Record<string, Verb | undefined>)[made];
    if (verb === undefined) throw new Error(`cli/${made} makes no ${made}`);
    return verb;
}

/** @param first first word of the command line: no verb waits for the others' parts to be read */
function program(first: string | undefined, done: Done): Command {
    const root = new Command("cinder-dr")
        .description("Disaster recovery for OpenStack Cinder on Ceph")
        .exitOverride()
        .showHelpAfterError("(cinder-dr --help shows what there is)")
        .addHelpText("after", EXIT_CODES);
    const isOne = Object.values(VERBS).some((names) => names.includes(first ?? ""));
    for (const [part, names] of Object.entries(VERBS))
        for (const name of names.filter((verb) => !isOne || verb === first))
            verbOf(name)(root, done).helpGroup(`${part}:`).addHelpText("after", EXIT_CODES);
    return root;
}

function codeOf(error: unknown): ExitCode {
    if (error instanceof UsageError || error instanceof ProblemsError) return ExitCode.Usage;
    return ExitCode.Failed;
}

/** Runs the command line and returns its exit code; errors are one sentence on stderr. */
export async function main(argv: string[]): Promise<ExitCode> {
    let code = ExitCode.Ok;
    let words: RunWords = {};
    try {
        await program(argv[2], (result) => (code = result))
            .hook("preAction", (_root, verb) => {
                words = verb.opts<RunWords>();
            })
            .parseAsync(argv);
    } catch (error) {
        // Commander has said it already; help is no error.
        if (error instanceof CommanderError)
            return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
        const message = completing(words)(wordsOf(error));
        const asJson = argv.includes("--json");
        if (asJson) console.log(JSON.stringify({ verb: argv[2], ok: false, error: message }));
        console.error(`cinder-dr: ${onTerminal(message)}`);
        return codeOf(error);
    }
    return code;
}
