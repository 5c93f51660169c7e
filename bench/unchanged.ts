/**
 * `pulumi up` of the lab's stack with nothing changed, beside the engine's own fixed cost: an `up` of a plain
 * JavaScript program without resources. Needs the lab with its stack up (`npm start`).
 */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { interleave, report, timed } from "./clock";

const ROUNDS = Number(process.argv[2] ?? 7);
const PROJECT = join(__dirname, "..");
const PULUMI = join(PROJECT, "node_modules/.bin/pulumi");

const bare = mkdtempSync(join(tmpdir(), "cinder-dr-bare-"));
const state = join(bare, "state");
mkdirSync(state);
symlinkSync(join(PROJECT, "node_modules"), join(bare, "node_modules"));
writeFileSync(
    join(bare, "Pulumi.yaml"),
    "name: bare\nmain: index.js\nruntime: { name: nodejs, options: { typescript: false } }\n",
);
writeFileSync(join(bare, "index.js"), 'require("@pulumi/pulumi");\n');
writeFileSync(join(bare, "package.json"), "{}\n");

/** The lab's env.sh is read by the shell, as a user does; the bare program has a backend of its own. */
const up = (folder: string, stack: string, before: string): number =>
    timed("sh", [
        "-c",
        `. /var/lib/cinder-dr-lab/env.sh; ${before} exec "$0" -C "$1" up --yes --skip-preview --non-interactive --stack "$2"`,
        PULUMI,
        folder,
        stack,
    ]);
const OWN = `export PULUMI_BACKEND_URL=file://${state};`;

timed("sh", [
    "-c",
    `. /var/lib/cinder-dr-lab/env.sh; ${OWN} exec "$0" -C "$1" stack init bare --non-interactive`,
    PULUMI,
    bare,
]);

report(
    interleave(ROUNDS, {
        "pulumi up, the lab unchanged": () => up(PROJECT, "lab", ""),
        "pulumi up, an empty program": () => up(bare, "bare", OWN),
    }),
);
