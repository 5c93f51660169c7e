#!/usr/bin/env node
// The lab's command: what a word means, who owns the lab. The work is lab.sh's.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
    existsSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    renameSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENV_LINE, LAB, PROJECT, writeOutputs, writeStackFile } from "./stack.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const OWNER_FILE = join(LAB, "owner.json");
const DAEMONS = ["mon", "mgr", "osd", "mirror", "ceph", "sshd", "cinder-volume"];

const HELP = `Usage: npm run lab -- VERB

Two real Ceph clusters with rbd-mirror both ways, MariaDB, RabbitMQ, Keystone, Cinder and two
Cinder hosts on this machine, all on loopback, from Debian 12's packages. One lab per machine.

  up [--load N] [--nova] [--bare] [--mirrors] [--brisk]
                      make what is missing, start what is stopped; with N plain SSH hosts
                      load-01...; with Nova on hosts compute-a and compute-b (its fake virt driver),
                      which the lab then has until reset; bare: a new lab has no pool, user, peer nor
                      rbd-mirror, 'pulumi up' makes them (needs root; the first time it installs
                      packages); mirrors: a second rbd-mirror of each site that is up, on a
                      host of its own, mirror-primary and mirror-secondary; brisk: a new lab's
                      rbd-mirror replays within a second, where Ceph's defaults take up to ten
  down                stop every process of the lab; the files stay
  status [--json]     what runs, whose lab it is; exit 0 only if all of it runs
  reset [--up]        down, and throw every file of the lab away; with --up make a new one,
        [--bare] ...  with the other words of up as well
  stack               write Pulumi.lab.yaml anew (up keeps your changes in it), and keep its
                      encryption salt with the lab, for other clones
  env                 print the line that makes a shell work with the lab
  kill TARGET [PART]  lose it: SIGKILL. 'up' afterwards repairs
  stop TARGET [PART]  freeze it: SIGSTOP
  cont TARGET [PART]  let it go on: SIGCONT

  TARGET  primary or secondary: a site, its Ceph and its admin host together;
          cinder-a, cinder-b, compute-b, controller, load-01..., mirror-primary,
          mirror-secondary: a host with all that runs in it
  PART    of a site: mon, mgr, osd, mirror, ceph (these four) or sshd (admin host unreachable);
          of a Cinder host: cinder-volume or sshd; of mirror-primary, …: mirror or sshd

A host's SSH: ssh -F ${LAB}/ssh/config cinder-a
Files: ${LAB} (data), /run/cinder-dr-lab (lock).
`;

function fail(message, next, code = 2) {
    process.stderr.write(`lab: error: ${message}\n     next: ${next}\n`);
    process.exit(code);
}

function shell(words, options = {}) {
    const result = spawnSync("bash", [join(HERE, "lab.sh"), ...words], {
        stdio: "inherit",
        ...options,
    });
    return { code: result.status ?? 1, out: result.stdout?.toString() ?? "" };
}

function needRoot() {
    if (process.platform !== "linux" || process.getuid() !== 0)
        fail("must run as root on Debian 12", "run it with sudo, or on a throw-away machine");
}

// ---- whose lab it is --------------------------------------------------------
function version() {
    const hash = createHash("sha256");
    for (const name of readdirSync(HERE).sort()) hash.update(readFileSync(join(HERE, name)));
    return hash.digest("hex").slice(0, 12);
}

function owner() {
    try {
        return JSON.parse(readFileSync(OWNER_FILE, "utf8"));
    } catch {
        return undefined; // no lab yet, or its file is half made
    }
}

function claim() {
    const current = owner();
    if (current && current.project !== PROJECT && existsSync(current.project)) {
        process.stdout.write(`lab: made by ${current.project}; this clone uses it\n`);
    }
    if (current && current.version !== version())
        process.stdout.write(
            "lab: made by another version of lab/; 'npm run lab -- reset --up' makes it anew\n",
        );
    if (current && existsSync(current.project)) return;
    if (current)
        process.stdout.write(`lab: ${current.project} is gone; the lab is this clone's now\n`);
    const entry = {
        project: PROJECT,
        version: current?.version ?? version(),
        since: current?.since ?? new Date().toISOString(),
    };
    mkdirSync(LAB, { recursive: true });
    writeFileSync(`${OWNER_FILE}.new`, `${JSON.stringify(entry, null, 4)}\n`);
    renameSync(`${OWNER_FILE}.new`, OWNER_FILE);
}

// ---- verbs ------------------------------------------------------------------
function up(words) {
    needRoot();
    const load = option(words, "--load", "0");
    if (!/^\d{1,2}$/.test(load))
        fail(`--load must be 0 to 99, got '${load}'`, "npm run lab -- --help");
    const nova = flag(words, "--nova") ? ["nova"] : [];
    const bare = flag(words, "--bare") ? ["bare"] : [];
    const mirrors = flag(words, "--mirrors") ? ["mirrors"] : [];
    const brisk = flag(words, "--brisk") ? ["brisk"] : [];
    const { code } = shell(["up", String(Number(load)), ...nova, ...bare, ...mirrors, ...brisk]);
    if (code !== 0) process.exit(code);
    claim();
    const stack = writeOutputs();
    process.stdout.write(`lab: up; Pulumi.lab.yaml ${stack}; for a shell: ${ENV_LINE}\n`);
}

function option(words, name, fallback) {
    const at = words.indexOf(name);
    if (at < 0) return fallback;
    const [, value] = words.splice(at, 2);
    if (value === undefined) fail(`${name} must have a value`, "npm run lab -- --help");
    return value;
}

function flag(words, name) {
    const at = words.indexOf(name);
    if (at >= 0) words.splice(at, 1);
    return at >= 0;
}

function status(words) {
    needRoot();
    const parts = shell(["status"], { stdio: ["ignore", "pipe", "inherit"] })
        .out.split("\n")
        .filter(Boolean)
        .map((line) => {
            const [host, part, address, pid, mebibytes] = line.split("\t");
            return { host, part, address, pid: Number(pid) || null, mebibytes: Number(mebibytes) };
        });
    const up = parts.length > 0 && parts.every((part) => part.pid !== null);
    const whole = { up, owner: owner() ?? null, mine: owner()?.project === PROJECT, parts };
    if (flag(words, "--json")) process.stdout.write(`${JSON.stringify(whole, null, 4)}\n`);
    else printStatus(whole);
    process.exit(up ? 0 : 1);
}

function printStatus({ up, owner, mine, parts }) {
    for (const { host, part, address, pid, mebibytes } of parts) {
        const state = pid === null ? "down" : `pid ${pid}`;
        process.stdout.write(
            `${host.padEnd(15)} ${address.padEnd(11)} ${part.padEnd(17)} ${state.padEnd(12)}` +
                `${pid === null || part === "host" ? "" : `${mebibytes} MiB`}\n`,
        );
    }
    const total = parts.reduce((sum, part) => sum + part.mebibytes, 0);
    const whose = owner ? `made by ${owner.project}${mine ? " (this clone)" : ""}` : "nobody's";
    process.stdout.write(`lab: ${up ? `up, ${total} MiB` : "not up"}; ${whose}\n`);
}

function signal(name, [target, part, ...rest]) {
    needRoot();
    if (!target || rest.length > 0) fail("must name a host or a site", "npm run lab -- --help");
    if (part && !DAEMONS.includes(part))
        fail(`part must be one of ${DAEMONS.join(", ")}, got '${part}'`, "npm run lab -- --help");
    process.exit(shell(["signal", name, target, ...(part ? [part] : [])]).code);
}

function main([verb, ...words]) {
    switch (verb) {
        case "up":
            return up(words);
        case "down":
            needRoot();
            return process.exit(shell(["down"]).code);
        case "reset": {
            needRoot();
            const { code } = shell(["reset"]);
            return code === 0 && flag(words, "--up") ? up(words) : process.exit(code);
        }
        case "status":
            return status(words);
        case "stack":
            if (!existsSync(join(LAB, "topology.json")))
                fail("there is no lab on this machine", "npm run lab -- up", 1);
            return process.stdout.write(
                `lab: Pulumi.lab.yaml ${writeStackFile({ fresh: true })}\n`,
            );
        case "env":
            return process.stdout.write(`${ENV_LINE}\n`);
        case "kill":
            return signal("KILL", words);
        case "stop":
            return signal("STOP", words);
        case "cont":
            return signal("CONT", words);
        case undefined:
        case "--help":
        case "-h":
        case "help":
            return process.stdout.write(HELP);
        default:
            return fail(
                `verb must be one of up, down, status, …, got '${verb}'`,
                "npm run lab -- --help",
            );
    }
}

main(process.argv.slice(2));
