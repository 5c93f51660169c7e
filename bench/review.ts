/**
 * `cinder-dr review` of the lab's stack beside the bare preview that is in it: `pulumi preview` with the same policy
 * pack. Both see one changed option on every host, so that there is a comment to write. Needs the lab with its stack up
 * (`npm start`).
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { interleave, report, timed } from "./clock";

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

/** The lab's env.sh is read by the shell, as a user does. */
const inLab = (...words: string[]): number =>
    timed("sh", ["-c", '. /var/lib/cinder-dr-lab/env.sh; exec "$0" "$@"', ...words], {
        cwd: PROJECT,
    });
const flags = ["--stack", "lab", "--config-file", changed];

const times = interleave(ROUNDS, {
    "cinder-dr review": () => inLab(process.execPath, "cli/bin.js", "review", ...flags),
    "pulumi preview --policy-pack": () =>
        inLab(
            join(PROJECT, "node_modules/.bin/pulumi"),
            ...["preview", "--policy-pack", "policies", "--non-interactive", ...flags],
        ),
});
report(times);
const [review = [], preview = []] = times.map(({ seconds }) => seconds);
// Round by round: what made one slow made the other slow too.
const more = review.map((seconds, i) => seconds - (preview[i] ?? 0)).sort((a, b) => a - b);
const middle = more[Math.floor(more.length / 2)] ?? 0;
console.log(
    `the review takes ${middle.toFixed(2)} s more than its preview (median of ${String(more.length)} rounds, ${more[0]?.toFixed(2) ?? ""} to ${more.at(-1)?.toFixed(2) ?? ""}); at most ${String(MOST)} s are wanted`,
);
process.exitCode = middle <= MOST ? 0 : 1;
