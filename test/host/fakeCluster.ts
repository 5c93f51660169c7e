import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const SCRIPT = resolve(__dirname, "../../host/ceph.py");

export interface FakePool {
    applications: string[];
    mode: string;
    peers: Record<string, string>[];
    images: string[];
    mirrored?: number;
    daemons?: Record<string, unknown>[];
}

/** What the fake `ceph` and `rbd` answer from and write to. */
export interface FakeState {
    pools: Record<string, FakePool>;
    keys: Record<string, string>;
    users: Record<string, { key: string; caps: Record<string, string> }>;
    services: Record<string, unknown>[];
    daemons: Record<string, unknown>[];
    /** Whether the other site answers. */
    across: boolean;
    /** Peers of the other site. */
    there: Record<string, string>[];
    /** How many imports find a peer that a daemon's ping has just left. */
    pings: number;
    ping: Record<string, string>;
    /** What an import makes. */
    peer: Record<string, string>;
    /** First line of `ceph --version`. */
    version: string;
    /** Whether rbd is too old for bootstrap tokens. */
    old: boolean;
    /** Whether neither tool is there. */
    missing: boolean;
}

/** `ceph` and `rbd` as far as host/ceph.py asks them; after it in PATH or before it as a prefix. */
const FAKE = `#!/usr/bin/python3
import json, os, sys
here = os.path.dirname(os.path.abspath(__file__))
state = json.load(open(here + "/state.json"))
words = sys.argv[1:]
with open(here + "/log", "a") as log:
    log.write(json.dumps([os.path.basename(sys.argv[0])] + words) + "\\n")
while words[0] not in ("ceph", "rbd"): words = words[1:]
if state["missing"]: sys.stderr.write(words[0] + ": not found\\n"); sys.exit(127)
tool, words = words[0], words[1:]
given = {}
while words and words[0].startswith("--") and words[0] not in ("--version",):
    given[words[0]] = words[1]; words = words[2:]
plain = [w for w in words if w not in ("--format", "json", "--all", "--verbose")]
def out(x): print(x if isinstance(x, str) else json.dumps(x))
def save(): json.dump(state, open(here + "/state.json", "w"))
def no(code, text): sys.stderr.write(text + "\\n"); sys.exit(code)
if "--mon-host" in given:
    if not state["across"]: no(1, "rbd: couldn't connect to the cluster!")
    if "remove" in plain: state["there"] = []; save()
    else: out({"mode": "image", "peers": state["there"]})
    sys.exit(0)
c = " ".join(plain)
def at(*head): return plain[:len(head)] == list(head)
pools = state["pools"]
if tool == "ceph":
    if c == "--version": out(state["version"])
    elif c == "fsid": out("f5d")
    elif c == "config generate-minimal-conf": out("[global]\\n\\tfsid = f5d\\n\\tmon_host = [v2:192.0.2.1:3300]")
    elif c == "osd pool ls": out(list(pools))
    elif at("osd", "pool", "application", "get"): out({a: {} for a in pools[plain[4]]["applications"]})
    elif at("config-key", "get"):
        if plain[2] not in state["keys"]: no(2, "Error ENOENT:")
        out(state["keys"][plain[2]])
    elif at("config-key", "set"): state["keys"][plain[2]] = sys.stdin.read(); save()
    elif at("config-key", "rm"): state["keys"].pop(plain[2]); save()
    elif at("config-key", "ls"): out(list(state["keys"]))
    elif at("auth", "get"):
        if plain[2] not in state["users"]: no(2, "Error ENOENT: failed to find " + plain[2])
        out([dict(state["users"][plain[2]], entity=plain[2])])
    elif at("auth", "get-or-create") or at("auth", "caps"):
        user = state["users"].setdefault(plain[2], {"key": "AQ" + "B" * 36 + "=="})
        user["caps"] = dict(zip(plain[3::2], plain[4::2])); save()
    elif at("orch", "ls"): out(state["services"])
    elif at("orch", "ps"): out(state["daemons"])
    elif at("orch", "apply"): state["services"] = [{"service_type": "rbd-mirror"}]; save()
    elif at("orch", "daemon", "restart") or at("orch", "rm"): pass
    else: no(22, "unknown: " + c)
elif c == "help mirror pool peer bootstrap import":
    if state["old"]: no(1, "error: unknown command 'mirror pool peer bootstrap import'")
elif at("ls") or at("trash", "ls") or at("namespace", "ls"):
    out(pools[plain[-1]]["images"] if plain[0] == "ls" else [])
else:
    name = next((w for w in plain if w in pools), None)
    pool = pools[name]
    if at("mirror", "pool", "info"): out({"mode": pool["mode"], "site_name": "x", "peers": pool["peers"]})
    elif at("mirror", "pool", "status"):
        daemons = pool.get("daemons", [])
        sick = any(d.get("callouts") for d in daemons)
        out({"summary": {"daemon_health": "ERROR" if sick else "OK", "states": {"replaying": pool.get("mirrored", 0)}}, "daemons": daemons})
    elif at("mirror", "pool", "enable"):
        pool["mode"] = plain[4]; state["keys"]["rbd/mirror/site_name"] = plain[6]; save()
    elif at("mirror", "pool", "peer", "remove"):
        pool["peers"] = [p for p in pool["peers"] if p["uuid"] != plain[5]]
        state["keys"].pop("rbd/mirror/peer/1/" + plain[5], None); save()
    elif at("mirror", "pool", "peer", "set"):
        [p for p in pool["peers"] if p["uuid"] == plain[5]][0][plain[6]] = plain[7]; save()
    elif at("mirror", "pool", "peer", "bootstrap", "create"): out("dG9rZW4=")
    elif at("mirror", "pool", "peer", "bootstrap", "import"):
        # As with 16.2.15: a peer that is there, if only by a ping, is not filled in.
        if state["pings"]: state["pings"] -= 1; pool["peers"] = [dict(state["ping"], site_name="lyon")]
        elif not pool["peers"]: pool["peers"] = [state["peer"]]
        if not state["there"]: state["there"] = [dict(state["peer"], site_name="paris", uuid="t")]
        save()
    else: no(22, "unknown: " + c)
`;

export const poolOf = (more: Partial<FakePool> = {}): FakePool => ({
    applications: ["rbd"],
    mode: "image",
    peers: [],
    images: [],
    ...more,
});

export const peerOf = (more: Record<string, string> = {}): Record<string, string> => ({
    uuid: "u-1",
    site_name: "lyon",
    direction: "rx-tx",
    client_name: "client.rbd-mirror-peer",
    key: `AQ${"C".repeat(36)}==`,
    mon_host: "192.0.2.2",
    ...more,
});

/** What the other side's daemon leaves by its ping alone. */
export const PING = { uuid: "ping", site_name: "", direction: "tx-only", client_name: "" };

/** One cluster of two fake tools, which host/ceph.py reaches through a prefix. */
export class FakeCluster {
    readonly folder = mkdtempSync(join(tmpdir(), "cinder-dr-cluster-"));

    constructor(
        state: Partial<FakeState> = {},
        private readonly prefix = ["fake"],
    ) {
        this.write({
            pools: { volumes: poolOf() },
            keys: { "rbd/mirror/site_name": "paris" },
            users: {},
            services: [],
            daemons: [],
            across: true,
            there: [],
            pings: 0,
            ping: PING,
            peer: peerOf(),
            version: "ceph version 16.2.15 (x) pacific (stable)",
            old: false,
            missing: false,
            ...state,
        });
        const [name = "fake"] = prefix;
        writeFileSync(join(this.folder, name), FAKE);
        chmodSync(join(this.folder, name), 0o755);
    }

    write(state: FakeState): void {
        writeFileSync(join(this.folder, "state.json"), JSON.stringify(state));
    }

    state(): FakeState {
        return JSON.parse(readFileSync(join(this.folder, "state.json"), "utf8")) as FakeState;
    }

    /** Every command as its words, prefix first. */
    log(): string[][] {
        const lines = readFileSync(join(this.folder, "log"), "utf8").trim().split("\n");
        return lines.map((line) => JSON.parse(line) as string[]);
    }

    /** Commands without prefix and connection. */
    ran(pattern: RegExp): string[] {
        return this.log()
            .map((words) =>
                words.join(" ").replace(/.* --(?:connect|client-mount)-timeout \d+ /, ""),
            )
            .filter((line) => pattern.test(line));
    }

    /** @param site what the topology says of the site otherwise */
    step(step: string, request: Record<string, unknown> = {}, verb = "apply", site: object = {}) {
        const [name = "fake", ...rest] = this.prefix;
        const input = {
            where: "site paris",
            owner: "cinder-dr/test/dr",
            otherSite: "lyon",
            pools: [{ name: "volumes", create: null }],
            users: [],
            consent: {},
            healthSeconds: 1,
            runsDaemons: true,
            ...request,
            site: {
                name: "paris",
                role: "primary",
                clusterName: "ceph",
                conf: "/etc/ceph/ceph.conf",
                cephUser: "admin",
                commandPrefix: [join(this.folder, name), ...rest],
                ...site,
            },
        };
        const { status, stdout, stderr } = spawnSync("/usr/bin/python3", [SCRIPT, step, verb], {
            input: JSON.stringify(input),
            encoding: "utf8",
        });
        const said = /CINDER_DR_RESULT (.*)/.exec(stdout)?.[1];
        const answer = said === undefined ? {} : (JSON.parse(said) as Record<string, unknown>);
        return { code: status, answer, stderr: stderr.trim() };
    }

    close(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}
