/**
 * What the policy pack adds to `pulumi preview`: fixed, on a stack of one host, and per host, on one of 200; beside an
 * empty pack, which is what the engine takes for any pack. Each in seconds of the clock and of the processor: the first
 * hold on an idle machine alone. Nothing connects anywhere.
 * `npm run bench:policies -- [ROUNDS] [HOSTS]`
 */
import {
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { childrensSeconds, interleave, report, timed } from "./clock";

const ROUNDS = Number(process.argv[2] ?? 5);
const HOSTS = Number(process.argv[3] ?? 200);
const PROJECT = join(__dirname, "..");
const PULUMI = join(PROJECT, "node_modules/.bin/pulumi");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-policies-"));
const env = {
    ...process.env,
    CINDER_DR_BENCH_PROCESSOR: join(scratch, "processor"),
    NODE_OPTIONS: `--require ${join(__dirname, "policies/processor.cjs")}`,
    PULUMI_BACKEND_URL: `file://${scratch}/state`,
    PULUMI_CONFIG_PASSPHRASE: "of nobody",
    PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    OS_CLOUD: undefined,
    OS_AUTH_URL: "https://keystone.invalid:5000/v3",
    OS_USERNAME: "nobody",
    OS_PASSWORD: "of nobody",
    OS_PROJECT_NAME: "none",
};

mkdirSync(join(scratch, "state"));
mkdirSync(env.CINDER_DR_BENCH_PROCESSOR);

const hosts = (count: number) =>
    Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
            `cinder-${i}`,
            {
                address: `10.0.${i >> 8}.${i & 255}`,
                user: "deploy",
                hostKey: KEY,
                site: i % 2 === 0 ? "secondary" : "primary",
            },
        ]),
    );

const site = (name: string, address: string) => ({ name, adminHost: { address, hostKey: KEY } });

const topology = (count: number) => ({
    sites: { primary: site("paris", "10.1.0.1"), secondary: site("lyon", "10.1.0.2") },
    backends: {
        ceph: {
            pool: "volumes",
            user: "cinder",
            secretUuid: "00000000-0000-4000-8000-000000000003",
            replicationDevice: {
                backendId: "secondary",
                secretUuid: "00000000-0000-4000-8000-000000000004",
            },
        },
    },
    hosts: hosts(count),
    volumeTypes: { replicated: { backend: "ceph" } },
    rollout: { batch: 20 },
});

/** A pack with one policy that does nothing: what the engine takes for any pack. */
const EMPTY = join(scratch, "empty");
mkdirSync(EMPTY);
symlinkSync(join(PROJECT, "node_modules"), join(EMPTY, "node_modules"));
writeFileSync(
    join(EMPTY, "PulumiPolicy.yaml"),
    "runtime: { name: nodejs, options: { typescript: false } }\n",
);
writeFileSync(
    join(EMPTY, "package.json"),
    '{ "name": "empty", "version": "0.0.0", "main": "main.js" }\n',
);
writeFileSync(
    join(EMPTY, "main.js"),
    'const { PolicyPack } = require("@pulumi/policy");\n' +
        'new PolicyPack("empty", { policies: [{ name: "none", description: "none", validateResource() {} }] });\n',
);

const PACKS = {
    "no pack": undefined,
    "an empty pack": EMPTY,
    "the pack": join(PROJECT, "policies"),
};
type Contestant = keyof typeof PACKS;

function preview(count: number, pack: string | undefined): number {
    const stack = stackOf(count);
    const file = join(scratch, `Pulumi.${stack}.yaml`);
    const words = ["preview", "--non-interactive", "--stack", stack, "--config-file", file];
    const packs = pack === undefined ? [] : ["--policy-pack", pack];
    return timed(PULUMI, [...words, ...packs], { cwd: PROJECT, env });
}

const stackOf = (count: number): string => `bench-policies-${count}`;

function prepare(count: number): void {
    const stack = stackOf(count);
    const config = { "cinder-dr:topology": topology(count) };
    writeFileSync(join(scratch, `Pulumi.${stack}.yaml`), JSON.stringify({ config }));
    timed(PULUMI, ["stack", "init", stack, "--no-select", "--non-interactive"], {
        cwd: PROJECT,
        env,
    });
    rmSync(join(PROJECT, `Pulumi.${stack}.yaml`), { force: true });
}

/** Seconds of processor of the packs that ran, which are killed and so in no sum of ended children. */
function packsSeconds(): number {
    const folder = env.CINDER_DR_BENCH_PROCESSOR;
    const notes = readdirSync(folder).map((file) => join(folder, file));
    const seconds = notes.map((file) => Number(readFileSync(file, "utf8")));
    for (const file of notes) rmSync(file);
    return seconds.reduce((sum, one) => sum + one, 0);
}

/** The fastest round of each contestant: what is slower is other work of the machine. */
type Fastest = Record<Contestant, { clock: number; processor: number }>;

function measure(count: number): Fastest {
    prepare(count);
    const names = Object.keys(PACKS) as Contestant[];
    const used = new Map(names.map((name): [Contestant, number[]] => [name, []]));
    const run = (name: Contestant) => {
        const before = childrensSeconds();
        const seconds = preview(count, PACKS[name]);
        used.get(name)?.push(childrensSeconds() - before + packsSeconds());
        return seconds;
    };
    const times = interleave(
        ROUNDS,
        Object.fromEntries(
            names.map((name) => [`${String(count)} hosts, ${name}`, () => run(name)]),
        ),
    );
    report(times);
    return Object.fromEntries(
        names.map((name, i) => [
            name,
            {
                clock: Math.min(...(times[i]?.seconds ?? [])),
                processor: Math.min(...(used.get(name) ?? [])),
            },
        ]),
    ) as Fastest;
}

try {
    const [one, many] = [measure(1), measure(HOSTS)];
    for (const unit of ["clock", "processor"] as const) {
        const perHost = (name: Contestant) =>
            (1000 * (many[name][unit] - one[name][unit])) / (HOSTS - 1);
        const base = perHost("no pack");
        for (const name of ["an empty pack", "the pack"] as const) {
            const fixed = one[name][unit] - one["no pack"][unit];
            const added = (100 * (perHost(name) - base)) / base;
            console.log(
                `${unit}, ${name}: fixed +${fixed.toFixed(2)} s, per host ${base.toFixed(1)} → ${perHost(name).toFixed(1)} ms (+${added.toFixed(0)} %)`,
            );
        }
    }
} finally {
    rmSync(scratch, { recursive: true });
}
