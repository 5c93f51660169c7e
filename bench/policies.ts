/**
 * What the policy pack adds to `pulumi preview`: fixed, on a stack of one host, and per host, on one of 200. Each pair
 * runs in turn, with and without the pack. CPU seconds stand beside the wall time, because they move less when the
 * machine has other work. Nothing connects anywhere: `node -r ./toolchain/register.js bench/policies.ts [ROUNDS] [HOSTS]`
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROUNDS = Number(process.argv[2] ?? 5);
const HOSTS = Number(process.argv[3] ?? 200);
const PROJECT = join(__dirname, "..");
const PULUMI = join(PROJECT, "node_modules/.bin/pulumi");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-policies-"));
const env = {
    ...process.env,
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

/** Wall and CPU seconds of one preview. */
function preview(count: number, packed: boolean): { wall: number; cpu: number } {
    const stack = `bench-policies-${count}`;
    const file = join(scratch, `Pulumi.${stack}.yaml`);
    const pack = packed ? ["--policy-pack", join(PROJECT, "policies")] : [];
    const script = `"$@" >"${scratch}/out" 2>&1 || exit 1; times`;
    const words = [PULUMI, "preview", "--non-interactive", "--stack", stack, "--config-file", file];
    const start = process.hrtime.bigint();
    const run = spawnSync("bash", ["-c", script, "bash", ...words, ...pack], { cwd: PROJECT, env });
    const wall = Number(process.hrtime.bigint() - start) / 1e9;
    if (run.status !== 0)
        throw new Error(execFileSync("tail", ["-30", `${scratch}/out`]).toString());
    const [, children = ""] = run.stdout.toString().split("\n");
    const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
        .map(([, m, s]) => Number(m) * 60 + Number(s))
        .reduce((a, b) => a + b, 0);
    return { wall, cpu };
}

const median = (values: number[]): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function measure(count: number): { wall: [number, number]; cpu: [number, number] } {
    const stack = `bench-policies-${count}`;
    const config = { "cinder-dr:topology": topology(count) };
    writeFileSync(join(scratch, `Pulumi.${stack}.yaml`), JSON.stringify({ config }));
    execFileSync(PULUMI, ["stack", "init", stack, "--no-select", "--non-interactive"], {
        cwd: PROJECT,
        env,
        stdio: "ignore",
    });
    rmSync(join(PROJECT, `Pulumi.${stack}.yaml`), { force: true });
    const rounds = Array.from({ length: ROUNDS }, () => {
        process.stderr.write(".");
        return { without: preview(count, false), withPack: preview(count, true) };
    });
    const of = (key: "wall" | "cpu"): [number, number] => [
        median(rounds.map(({ without }) => without[key])),
        median(rounds.map(({ withPack }) => withPack[key])),
    ];
    return { wall: of("wall"), cpu: of("cpu") };
}

mkdirSync(join(scratch, "state"));
try {
    const one = measure(1);
    const many = measure(HOSTS);
    process.stderr.write("\n");
    for (const key of ["wall", "cpu"] as const) {
        const fixed = one[key][1] - one[key][0];
        const slope = (i: 0 | 1) => (many[key][i] - one[key][i]) / (HOSTS - 1);
        const added = (100 * (slope(1) - slope(0))) / slope(0);
        console.log(
            [
                `${key}: 1 host ${one[key].map((s) => s.toFixed(2)).join(" → ")} s`,
                `${HOSTS} hosts ${many[key].map((s) => s.toFixed(2)).join(" → ")} s`,
                `fixed +${fixed.toFixed(2)} s`,
                `per host ${(1000 * slope(0)).toFixed(1)} → ${(1000 * slope(1)).toFixed(1)} ms (+${added.toFixed(0)} %)`,
            ].join(", "),
        );
    }
} finally {
    rmSync(scratch, { recursive: true });
}
