/**
 * One changed cinder.conf and a restart stand-in on light SSH hosts: cinder-dr beside Ansible, in one run.
 * Needs the lab with its light hosts (`npm run lab -- up --load 20`) and Debian's ansible-core.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { interleave, report, timed } from "./clock";

const LAB = "/var/lib/cinder-dr-lab";
const HOSTS = Number(process.argv[2] ?? 20);
const ROUNDS = Number(process.argv[3] ?? 5);
const FILLER_LINES = 90;

const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-bench-"));
const names = Array.from({ length: HOSTS }, (_, i) => `load-${String(i + 1).padStart(2, "0")}`);
const ssh = ["-F", join(LAB, "ssh/config")];

/** About 5 KB, as a small cinder.conf is. */
const conf = (timeout: number): string =>
    ["[DEFAULT]", "enabled_backends = ceph", `# ${"-".repeat(50)}`]
        .concat(
            Array.from(
                { length: FILLER_LINES },
                (_, i) => `# filler line ${String(i)} of an operator's own file`,
            ),
        )
        .concat(["[ceph]", "rbd_pool = volumes", `rados_connect_timeout = ${String(timeout)}`, ""])
        .join("\n");

/** Every host starts from the same file; the stand-in counts the restarts. */
function prepare(): void {
    const script = `mkdir -p /etc/cinder; cat > /etc/cinder/cinder.conf; printf '#!/bin/sh\\necho >> /run/restarts\\n' > /usr/local/bin/restart-stand-in; chmod 755 /usr/local/bin/restart-stand-in; : > /run/restarts; rm -rf /etc/cinder/.cinder-dr`;
    for (const name of names) timed("ssh", [...ssh, name, script], { input: conf(5) });
}

/** Every run must really have restarted every host once: a fast nothing is no result. */
function checkRestarts(expected: number): void {
    for (const name of names)
        timed("ssh", [...ssh, name, `[ "$(wc -l < /run/restarts)" = ${String(expected)} ]`]);
}

const known = JSON.parse(readFileSync(join(LAB, "topology.json"), "utf8")) as {
    ssh: object;
    sites: object;
    backends: Record<string, object>;
};
const hostKeys = new Map(
    readFileSync(join(LAB, "ssh/known_hosts"), "utf8")
        .split("\n")
        .flatMap((line) => {
            const [hosts = "", type = "", key = ""] = line.split(" ");
            return hosts.split(",").map((host): [string, string] => [host, `${type} ${key}`]);
        }),
);

const topology = (timeout: number) => ({
    ...known,
    backends: { ceph: { ...known.backends.ceph, radosConnectTimeoutSeconds: timeout } },
    hosts: Object.fromEntries(
        names.map((name, i) => [
            name,
            {
                address: `127.0.2.${String(i + 1)}`,
                hostKey: hostKeys.get(name),
                service: {
                    commands: { restart: ["/usr/local/bin/restart-stand-in"], status: ["true"] },
                },
                skipChecks: ["validate", "target", "guard", "health"],
            },
        ]),
    ),
    volumeTypes: { bench: { backend: "ceph" } },
});

const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${scratch}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ANSIBLE_PIPELINING: "True",
    ANSIBLE_HOST_KEY_CHECKING: "True",
};
const folder = join(__dirname, "push");
const pulumi = (args: string[]): number =>
    timed("npx", ["pulumi", "-C", folder, ...args, "--stack", "bench", "--non-interactive"], {
        env,
    });
const up = (config: string): number =>
    pulumi(["up", "--yes", "--skip-preview", "--parallel", String(HOSTS), "--config-file", config]);

/** Pulumi keeps the salt of the state's secrets in the stack's own file, which every other one must repeat. */
function makeStack(): string {
    const own = join(folder, "Pulumi.bench.yaml");
    rmSync(own, { force: true });
    pulumi(["stack", "init"]);
    const { encryptionsalt } = parse(readFileSync(own, "utf8")) as { encryptionsalt: string };
    rmSync(own);
    return encryptionsalt;
}
const encryptionsalt = makeStack();

function stackFile(timeout: number): string {
    const file = join(scratch, `Pulumi.${String(timeout)}.yaml`);
    writeFileSync(
        file,
        stringify({ encryptionsalt, config: { "cinder-dr-bench:topology": topology(timeout) } }),
    );
    return file;
}

/** The two files that the rounds alternate between. */
const files = [6, 7].map((timeout) => {
    const text = join(scratch, `${String(timeout)}.conf`);
    writeFileSync(text, conf(timeout));
    return { stack: stackFile(timeout), text };
});

const inventory = join(scratch, "inventory");
writeFileSync(
    inventory,
    names.map((name) => `${name} ansible_python_interpreter=/usr/bin/python3`).join("\n") +
        `\n[all:vars]\nansible_ssh_common_args=-F ${join(LAB, "ssh/config")} -o ControlMaster=no -o ControlPath=none\n`,
);
const ansible = (round: number): number =>
    timed(
        "ansible-playbook",
        [
            "-i",
            inventory,
            "-f",
            String(HOSTS),
            "-e",
            `conf=${files[round % 2]?.text ?? ""}`,
            join(folder, "restart.yml"),
        ],
        { env },
    );

prepare();
const empty = up(files[1]?.stack ?? "");
console.error(`first push, ${String(HOSTS)} hosts: ${empty.toFixed(2)} s`);
checkRestarts(1);

let unchanged = 0;
const times = interleave(ROUNDS, {
    "pulumi up, nothing changed": (round) => (unchanged = up(files[(round + 1) % 2]?.stack ?? "")),
    [`pulumi up, ${String(HOSTS)} hosts changed`]: (round) => up(files[round % 2]?.stack ?? ""),
    [`ansible-playbook, ${String(HOSTS)} hosts`]: (round) => ansible(round + 1),
});
checkRestarts(1 + 2 * ROUNDS);
report(times);
console.log(`the engine's fixed cost is the first line; last measured ${unchanged.toFixed(2)} s`);
