/**
 * `cinder-dr review` of the lab's stack beside the bare preview that is in it: `pulumi preview` with the same policy
 * pack. Both see one changed option on every host, so that there is a comment to write. Needs the lab with its stack up
 * (`npm start`).
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { childrensSeconds, interleave, report, timed } from "./clock";

/** What the whole review may take beyond the preview; seconds. */
const MOST = 2;
const ROUNDS = Number(process.argv[2] ?? 7);
const PROJECT = join(__dirname, "..");

interface StackFile {
    config: Record<string, { backends: Record<string, { radosConnectTimeoutSeconds?: number }> }>;
}

const stack = parse(readFileSync(join(PROJECT, "Pulumi.lab.yaml"), "utf8")) as StackFile;
for (const backend of Object.values(stack.config["cinder-dr:topology"]?.backends ?? {}))
    backend.radosConnectTimeoutSeconds = 7;
const changed = join(mkdtempSync(join(tmpdir(), "cinder-dr-bench-")), "Pulumi.changed.yaml");
writeFileSync(changed, stringify(stack));

/** Seconds of processor by contestant: what a busy machine cannot stretch much. */
const processor: Record<string, number[]> = { review: [], preview: [] };

/** The lab's env.sh is read by the shell, as a user does. */
function inLab(name: "review" | "preview", ...words: string[]): number {
    const before = childrensSeconds();
    const seconds = timed(
        "sh",
        ["-c", '. /var/lib/cinder-dr-lab/env.sh; exec "$0" "$@"', ...words],
        { cwd: PROJECT },
    );
    processor[name]?.push(childrensSeconds() - before);
    return seconds;
}
const flags = ["--stack", "lab", "--config-file", changed];

const times = interleave(ROUNDS, {
    "cinder-dr review": () => inLab("review", process.execPath, "cli/bin.js", "review", ...flags),
    "pulumi preview --policy-pack": () =>
        inLab(
            "preview",
            join(PROJECT, "node_modules/.bin/pulumi"),
            ...["preview", "--policy-pack", "policies", "--non-interactive", ...flags],
        ),
});
report(times);
const middle = (seconds: readonly number[]): number =>
    [...seconds].sort((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? 0;
/** Round by round: what made one slow made the other slow too. */
const more = (review: readonly number[] = [], preview: readonly number[] = []): number[] =>
    review.map((seconds, i) => seconds - (preview[i] ?? 0)).sort((a, b) => a - b);
const said = (seconds: readonly number[]): string =>
    `${middle(seconds).toFixed(2)} s (median of ${String(seconds.length)} rounds, ${seconds[0]?.toFixed(2) ?? ""} to ${seconds.at(-1)?.toFixed(2) ?? ""})`;

const byClock = more(times[0]?.seconds, times[1]?.seconds);
console.log(
    `the review takes ${said(byClock)} more than its preview, and ${said(more(processor.review, processor.preview))} more of processor; at most ${String(MOST)} s by the clock are wanted`,
);
process.exitCode = middle(byClock) <= MOST ? 0 : 1;
