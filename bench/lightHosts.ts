import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { timed } from "./clock";

export const LAB = "/var/lib/cinder-dr-lab";
/** Light SSH hosts of a lab that was started with `--load 20`. */
const LIGHT_HOSTS = 20;
const FILLER_LINES = 90;

export const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-bench-"));
export const ssh = ["-F", join(LAB, "ssh/config")];

/** A Cinder host of a topology: a light SSH host, and a cinder.conf there. */
export interface Target {
    name: string;
    /** The light host's name. */
    on: string;
    address: string;
    configFile: string;
}

/** So many hosts of a topology; beyond twenty several share a light host, each with a cinder.conf of its own. */
export const targets = (count: number): Target[] =>
    Array.from({ length: count }, (_, i) => {
        const light = (i % LIGHT_HOSTS) + 1;
        const turn = Math.floor(i / LIGHT_HOSTS);
        return {
            name: `host-${String(i + 1).padStart(3, "0")}`,
            on: `load-${String(light).padStart(2, "0")}`,
            address: `127.0.2.${String(light)}`,
            configFile: turn === 0 ? "/etc/cinder/cinder.conf" : `/etc/cinder/${String(turn)}.conf`,
        };
    });

/** About 5 KB, as a small cinder.conf is. */
export const conf = (timeout: number): string =>
    ["[DEFAULT]", "enabled_backends = ceph", `# ${"-".repeat(50)}`]
        .concat(
            Array.from(
                { length: FILLER_LINES },
                (_, i) => `# filler line ${String(i)} of an operator's own file`,
            ),
        )
        .concat(["[ceph]", "rbd_pool = volumes", `rados_connect_timeout = ${String(timeout)}`, ""])
        .join("\n");

/** The names of each light host. */
const byLight = (hosts: readonly Target[]): [on: string, its: Target[]][] =>
    [...new Set(hosts.map(({ on }) => on))].map((on) => [on, hosts.filter((h) => h.on === on)]);

/** Every host starts from the same file; the stand-in counts the restarts. */
export function prepare(hosts: readonly Target[]): void {
    for (const [on, its] of byLight(hosts)) {
        const files = its.map(({ configFile }) => configFile).join(" ");
        const script = `mkdir -p /etc/cinder; cat > /run/conf; for f in ${files}; do cp /run/conf $f; done; printf '#!/bin/sh\\necho >> /run/restarts\\n' > /usr/local/bin/restart-stand-in; chmod 755 /usr/local/bin/restart-stand-in; : > /run/restarts; rm -rf /etc/cinder/.cinder-dr`;
        timed("ssh", [...ssh, on, script], { input: conf(5) });
    }
}

/** Every run must really have restarted every host once: a fast nothing is no result. */
export function checkRestarts(hosts: readonly Target[], each: number): void {
    for (const [on, its] of byLight(hosts)) {
        const expected = String(its.length * each);
        timed("ssh", [...ssh, on, `[ "$(wc -l < /run/restarts)" = ${expected} ]`]);
    }
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

/** `{}` is the default rollout: one canary, then batches. */
const topology = (hosts: readonly Target[], timeout: number, rollout: object) => ({
    ...known,
    rollout,
    backends: { ceph: { ...known.backends.ceph, radosConnectTimeoutSeconds: timeout } },
    hosts: Object.fromEntries(
        hosts.map(({ name, on, address, configFile }) => [
            name,
            {
                ...{ address, configFile, hostKey: hostKeys.get(on) },
                service: {
                    commands: { restart: ["/usr/local/bin/restart-stand-in"], status: ["true"] },
                },
                skipChecks: ["validate", "target", "guard", "health"],
            },
        ]),
    ),
    volumeTypes: { bench: { backend: "ceph" } },
});

export const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${scratch}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ANSIBLE_PIPELINING: "True",
    ANSIBLE_HOST_KEY_CHECKING: "True",
};
export const folder = join(__dirname, "push");

/** A stack of light hosts; the same ones in all its runs. */
export class BenchStack {
    private readonly salt: string;
    private files = 0;

    constructor(
        private readonly stack: string,
        private readonly hosts: readonly Target[],
    ) {
        // Pulumi keeps the salt of the state's secrets in the stack's own file, which every other one must repeat.
        const own = join(folder, `Pulumi.${stack}.yaml`);
        rmSync(own, { force: true });
        timed("npx", this.words(["stack", "init"]), { env });
        this.salt = (parse(readFileSync(own, "utf8")) as { encryptionsalt: string }).encryptionsalt;
        rmSync(own);
    }

    private words = (verb: string[]): string[] => {
        const where = ["--stack", this.stack, "--non-interactive"];
        return ["pulumi", "-C", folder, ...verb, ...where];
    };

    /** A stack file that writes this rados_connect_timeout. */
    file(timeout: number, rollout: object = {}): string {
        const file = join(scratch, `Pulumi.${this.stack}.${String(++this.files)}.yaml`);
        const config = { "cinder-dr-bench:topology": topology(this.hosts, timeout, rollout) };
        writeFileSync(file, stringify({ encryptionsalt: this.salt, config }));
        return file;
    }

    /** The command of an `up` with this stack file. */
    up(file: string): { command: string; args: string[] } {
        const parallel = ["--parallel", String(LIGHT_HOSTS)];
        const verb = ["up", "--yes", "--skip-preview", ...parallel, "--config-file", file];
        return { command: "npx", args: this.words(verb) };
    }
}
