import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { InvalidArgumentError, Option, type Command } from "commander";

import { GitHubError, BaseError } from "../review";
import * as reviewing from "../review";
import { ExitCode, type Done } from "./exitCode";
import { Progress } from "./print";
import type * as reviewLive from "./reviewLive";
import { UsageError } from "./topologyFile";

interface ReviewFlags {
    stack: string;
    base?: string;
    configFile?: string;
    format: "markdown" | "json";
    comment?: "github";
    pullRequest?: number;
    commentAuthor: string;
    policyPack: string[];
    policyPackConfig: string[];
    policies: boolean;
    accept: string[];
    timeout: number;
    live?: boolean;
}

const EXITS: Record<reviewing.Verdict, ExitCode> = {
    failed: ExitCode.Failed,
    refused: ExitCode.Problem,
    look: ExitCode.Ok,
    clear: ExitCode.Ok,
    unchanged: ExitCode.Ok,
};

const HELP = `
The verdict decides the exit code:
  0  nothing to do, no risk, or risks that need a look
  1  the preview failed or is not whole: nothing can be said (also a failed comment)
  3  a mandatory policy is violated, or a critical risk is not accepted by name

The preview connects to no host. It needs what \`pulumi preview\` needs: the stack's state and its passphrase.
--live reads Cinder and the secondary's admin host, and with --base the hosts that are pushed, as \`cinder-dr drift\` does.
--comment github reads GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_EVENT_PATH and GITHUB_STEP_SUMMARY, as Actions sets them.
`;

/** What the cloud says, for `--live`; all that asks a cloud is loaded then. */
const live = (): typeof reviewLive =>
    createRequire(__filename)("./reviewLive") as typeof reviewLive;

/** The pack of this project, where the working directory has it. */
const OWN_PACK = "policies";

function packsOf({ policies, policyPack }: ReviewFlags, folder: string): string[] {
    if (!policies) return [];
    if (policyPack.length > 0) return policyPack;
    if (existsSync(join(folder, OWN_PACK, "PulumiPolicy.yaml"))) return [OWN_PACK];
    throw new UsageError(
        "there is no policy pack in ./policies: name one with --policy-pack DIR, or say --no-policies",
    );
}

const number = (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1)
        throw new InvalidArgumentError(`must be a number from 1, got '${text}'`);
    return value;
};

const listed = (value: string, before: string[]): string[] => before.concat(value.split(","));

async function publish(flags: ReviewFlags, found: reviewing.Review, markdown: string) {
    if (flags.comment === undefined) return;
    reviewing.writeSummary(process.env, markdown);
    const to = reviewing.pullRequestOf(process.env, flags.commentAuthor, flags.pullRequest);
    const address = await reviewing.writeComment(to, reviewing.marker(found.stack), markdown);
    process.stderr.write(`comment: ${address}\n`);
}

export async function runReview(flags: ReviewFlags): Promise<ExitCode> {
    const folder = process.cwd();
    const progress = new Progress(process.stderr);
    const doing = (what: string) => {
        progress.show(what);
    };
    let found: reviewing.Review;
    try {
        found = await reviewing.review({
            folder,
            stack: flags.stack,
            ...(flags.base === undefined ? {} : { base: flags.base }),
            ...(flags.configFile === undefined ? {} : { configFile: flags.configFile }),
            policyPacks: packsOf(flags, folder),
            policyPackConfigs: flags.policyPackConfig,
            accept: flags.accept,
            seconds: flags.timeout,
            env: process.env,
            doing,
            ...(flags.live === true
                ? { look: (judged, now, base) => live().look(judged, now, base, doing) }
                : {}),
        });
    } catch (error) {
        if (error instanceof BaseError) throw new UsageError(error.message, { cause: error });
        throw error;
    } finally {
        progress.clear();
    }
    const markdown = reviewing.renderComment(found);
    console.log(flags.format === "json" ? JSON.stringify(reviewing.asJson(found)) : markdown);
    const code = EXITS[found.verdict];
    try {
        await publish(flags, found, markdown);
    } catch (error) {
        if (!(error instanceof GitHubError)) throw error;
        // The verdict is printed; a comment that nobody sees must not look like a green check.
        console.error(`cinder-dr: ${error.message}`);
        return code === ExitCode.Ok ? ExitCode.Failed : code;
    }
    return code;
}

export const reviewCommand = (root: Command, done: Done): Command =>
    root
        .command("review")
        .description("say what a change to a stack means for protection, from its preview")
        .requiredOption("--stack <name>", "stack that is previewed")
        .option("--base <commit>", "tell this change from earlier ones that are not applied yet")
        .option("--config-file <file>", "the stack's file (default: Pulumi.<stack>.yaml)")
        .addOption(
            new Option("--format <format>", "what stands on stdout")
                .choices(["markdown", "json"])
                .default("markdown"),
        )
        .addOption(
            new Option("--comment <where>", "write the comment of the pull request").choices([
                "github",
            ]),
        )
        .option("--pull-request <number>", "instead of the one in GITHUB_EVENT_PATH", number)
        .option("--comment-author <login>", "whose comments are edited", "github-actions[bot]")
        .option("--policy-pack <dir>", "policy pack (default: ./policies)", listed, [])
        .option("--policy-pack-config <file>", "settings of the policy pack", listed, [])
        .option("--no-policies", "ask no policy pack")
        .option("--live", "count volumes and servers, and read lag and drift; reads only")
        .option("--accept <risk>", "a critical risk that is wanted; by name", listed, [])
        .option("--timeout <seconds>", "limit of the preview", number, 900)
        .addHelpText("after", HELP)
        .action(async (flags: ReviewFlags) => {
            done(await runReview(flags));
        });
