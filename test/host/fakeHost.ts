import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    realpathSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";

export const APPLY = resolve(__dirname, "../../host/apply.py");
export const PYTHON = "/usr/bin/python3";

/** Compiled once: these tests start the file some two hundred times, and compiling takes most of a start. */
const COMPILED = join(mkdtempSync(join(tmpdir(), "cinder-dr-apply-")), "apply.pyc");
const compile = "import py_compile, sys; py_compile.compile(*sys.argv[1:], doraise=True)";
spawnSync(PYTHON, ["-c", compile, APPLY, COMPILED]);
process.on("exit", () => {
    rmSync(dirname(COMPILED), { recursive: true, force: true });
});

export interface BackendRequest {
    section: string;
    options: Record<string, string>;
    primary?: Record<string, string>;
    target?: Record<string, string>;
}

export interface Result {
    outcome: string;
    step: string;
    reason: string;
    next: string;
    refusal: string | null;
    protected: boolean | null;
    restarted: boolean;
    changedKeys: Record<string, string[]>;
    keptKeys: string[];
    overridden: string[];
    skipped: string[];
    warnings: string[];
    pid: number | null;
}

export interface Run {
    code: number | null;
    result: Result;
    stdout: string;
    stderr: string;
}

/** What the fake parts do on demand. `bad` words stand for a configuration that breaks the service. */
export interface World {
    exitsOn?: string;
    mutesOn?: string;
    restartFailsOn?: string;
    problems?: string[];
    blind?: boolean;
    rows?: Record<string, Record<string, unknown>>;
    volumes?: Record<string, number>;
    hostsAfter?: Record<string, string>;
    rbd?: Record<string, number>;
    restartSeconds?: number;
    /** `cluster` of the file, and whether its other members (`host@section`) are up. */
    cluster?: string;
    members?: Record<string, boolean>;
    /** Where the fake parts stand still for a while: a question of the probe, or before the old process ends. */
    holdsAt?: "validate" | "rows" | "restart";
    /** Over SSH only: the step of the push after which it stands still, "start" before the first, or "rolling back". */
    holdsAfter?: string;
    holdSeconds?: number;
}

export const DEVICE =
    "backend_id:secondary,conf:/etc/ceph/secondary.conf,user:cinder,secret_uuid:0dd5e0c2-uuid";

export const CEPH: BackendRequest = {
    section: "ceph",
    options: {
        volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
        volume_backend_name: "ceph",
        rbd_pool: "volumes",
        replication_device: DEVICE,
    },
};

/** How a client reaches a cluster, as the push is told. */
export const clientOf = (cluster: string) => ({
    cluster,
    conf: `/etc/ceph/${cluster}.conf`,
    user: "cinder",
    pool: "volumes",
});

/** The same with both clusters as the push asks for them. */
export const SIDES = {
    ...CEPH,
    primary: clientOf("ceph"),
    target: { ...clientOf("secondary"), backendId: "secondary" },
};

export const CONF = `# the operator's own words
[DEFAULT]
debug = true
enabled_backends = lvm

[lvm]
volume_group = vg

[ceph]
# an unreplicated backend
rbd_pool = volumes
volume_backend_name = old-name
`;

/** A service manager and a cinder-volume that only sleeps; each restart of it is counted. */
const SERVICE = `
import json, os, signal, subprocess, sys, time
here = os.path.dirname(os.path.abspath(__file__))
world = json.load(open(here + "/world.json"))
conf = here + "/etc/cinder.conf"
pid_file = here + "/pid"
def pid():
    try:
        number = int(open(pid_file).read())
        # A killed process stays a zombie until pid 1 reaps it.
        return 0 if open("/proc/%d/stat" % number).read().split()[2] == "Z" else number
    except (OSError, ValueError):
        return 0
with open(here + "/restarts", "a") as log:
    log.write(sys.argv[1] + "\\n")
if world.get("holdsAt") == "restart":
    time.sleep(world["holdSeconds"])
if pid():
    os.kill(pid(), signal.SIGKILL)
    while pid():
        time.sleep(0.01)
if sys.argv[1] == "stop":
    sys.exit(0)
time.sleep(world.get("restartSeconds", 0))
text = open(conf).read()
if world.get("restartFailsOn") and world["restartFailsOn"] in text:
    sys.stderr.write("Job failed, password=hunter2\\n")
    sys.exit(1)
if world.get("exitsOn") and world["exitsOn"] in text:
    sys.exit(0)
words = ["/bin/sh", here + "/cinder-volume", "--config-file", conf] + world.get("arguments", [])
if os.fork() == 0:
    child = subprocess.Popen(words, start_new_session=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    open(pid_file, "w").write("%d\\n" % child.pid)
    os._exit(0)
os.wait()
`;

/** Prints the pid; a killed process stays a zombie until pid 1 reaps it. */
const STATUS = `
read -r pid < "$1/pid" 2>/dev/null || pid=0
read -r _ _ state _ < "/proc/$pid/stat" 2>/dev/null || state=Z
[ "$state" = Z ] && echo 0 && exit 3
echo "$pid"
`;

/** Runs before a push in its own interpreter: the push says the end of each step on a pipe, and there it can be held. */
const HOLD = `
import json, os, time
def hold(here, point):
    def asked():
        with open(here + "/world.json") as stream:
            return json.load(stream)
    if asked().get("holdsAfter") != point:
        return
    with open(here + "/held", "w") as stream:
        stream.write(str(os.getpid()))
    end = time.monotonic() + asked()["holdSeconds"]
    while time.monotonic() < end and asked().get("holdsAfter") == point:
        time.sleep(0.02)
    os.unlink(here + "/held")
def said(here, data):
    words = data[2:-2].decode("utf-8", "replace") if data[:2] == b'p"' else ""
    if words.endswith("; rolling back"):
        hold(here, "rolling back")
    elif words.split(" ")[1:2] == ["ok"]:
        hold(here, words.split(" ")[0])
def watch(here, write=os.write):
    def written(handle, data):
        done = write(handle, data)
        said(here, bytes(data))
        return done
    os.write = written
    hold(here, "start")
`;

/** Speaks the probe's protocol instead of Cinder: rows beat as long as the live file does not mute them. */
const FAKE_PYTHON = `#!/usr/bin/python3 -S
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
# Over SSH the push itself runs in this interpreter too; only the probe is played.
if "-I" in sys.argv:
    words = sys.argv[1:]
    code = words.index("-c") + 1
    words[code] = open(here + "/hold.py").read() + "watch(%r)\\n" % here + words[code]
    os.execv("/usr/bin/python3", ["/usr/bin/python3"] + words)
print(json.dumps({"ready": True}), flush=True)
for line in iter(sys.stdin.readline, ""):
    ask = json.loads(line)
    world = json.load(open(here + "/world.json"))
    live = open(here + "/etc/cinder.conf").read()
    if ask["do"] == world.get("holdsAt"):
        time.sleep(world["holdSeconds"])
    if ask["do"] == "validate":
        before = {"hosts": {"ceph": "h1@ceph", "lvm": "h1@lvm"},
                  "cluster": world.get("cluster", "")}
        after = dict(before, hosts=world.get("hostsAfter", before["hosts"]))
        answer = {"problems": world.get("problems", []), "unknown": [], "before": before,
                  "after": after, "changed": world.get("changed", [["ceph", "x"]])}
    elif ask["do"] == "configured":
        answer = {"backends": world.get("configured", [])}
    elif world.get("blind"):
        answer = {"error": "OperationalError: (2003) mysql+pymysql://cinder:hunter2@db/cinder"}
    elif ask["do"] == "volumes":
        answer = {"volumes": {host: world.get("volumes", {}).get(host, 0) for host in ask["hosts"]}}
    else:
        mute = world.get("mutesOn") and world["mutesOn"] in live
        rows = {}
        for section in ("ceph", "lvm"):
            beat = 1 if mute else int(time.time() * 100)
            rows["h1@" + section] = dict({
                "reportCount": beat, "updatedAt": "%020d" % beat, "activeBackendId": "",
                "replicationStatus": "error" if mute else "enabled", "isUp": True, "cluster": ""},
                **world.get("rows", {}).get(section, {}))
        for member, up in world.get("members", {}).items():
            rows[member] = dict(rows["h1@ceph"], isUp=up, cluster=world["cluster"] + "@ceph")
        answer = {"rows": rows, "hosts": {"ceph": "h1@ceph", "lvm": "h1@lvm"}}
    print(json.dumps(answer), flush=True)
`;

const ENGINE = `#!/usr/bin/python3 -S
import json, os, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
words = sys.argv[1:]
with open(here + "/engine.log", "a") as log:
    log.write(json.dumps(words) + "\\n")
service = [sys.executable, "-S", here + "/service.py"]
if words[0] == "restart":
    sys.exit(subprocess.call(service + ["restart"]))
if words[0] == "inspect":
    seen = subprocess.run(["/bin/sh", here + "/status", here], stdout=subprocess.PIPE)
    print("running" if seen.returncode == 0 else "exited", seen.stdout.decode().strip())
    sys.exit(0)
if words[0] == "logs":
    sys.exit(0)
inner = words[words.index("-u") + 3:]
if inner[0] == "rbd":
    world = json.load(open(here + "/world.json"))
    code = world.get("rbd", {}).get(inner[inner.index("--cluster") + 1], 0)
    if code:
        sys.stderr.write("rbd: couldn't connect to the cluster!\\n")
    sys.exit(code)
if inner[0] == "/var/lib/kolla/venv/bin/python3":
    inner[0] = here + "/python"
os.execv(inner[0], inner)
`;

/** Everything that a folder needs to play a Cinder host; each part finds the others beside itself. */
export const FAKE_PARTS = {
    "service.py": SERVICE,
    status: STATUS,
    "cinder-volume": "while :; do sleep 600; done\n",
    python: FAKE_PYTHON,
    "hold.py": HOLD,
    engine: ENGINE,
};

const ALL_CHECKS = ["validate", "target", "guard", "health"];

/** One Cinder host as a directory: real files, real processes, a fake service manager and a fake Cinder. */
export class FakeHost {
    readonly root = realpathSync(mkdtempSync(join(tmpdir(), "cinder-dr-host-")));
    readonly conf = join(this.root, "etc/cinder.conf");
    readonly state = join(this.root, "etc/.cinder-dr/cinder.conf");

    constructor(text: string = CONF) {
        mkdirSync(join(this.root, "etc"));
        this.write(text);
        for (const [name, text] of Object.entries(FAKE_PARTS)) {
            writeFileSync(join(this.root, name), text);
            if (text.startsWith("#!")) chmodSync(join(this.root, name), 0o755);
        }
        this.world({});
    }

    world(world: World & Record<string, unknown>): void {
        writeFileSync(join(this.root, "world.json"), JSON.stringify(world));
    }

    write(text: string): void {
        writeFileSync(this.conf, text);
    }

    read(): string {
        return readFileSync(this.conf, "utf8");
    }

    service(verb: "restart" | "status" | "stop"): string {
        const [command, ...words] = this.manager(verb);
        return spawnSync(command, words).stdout.toString().trim();
    }

    private manager(verb: string): [string, ...string[]] {
        if (verb === "status") return ["/bin/sh", join(this.root, "status"), this.root];
        return [PYTHON, "-S", join(this.root, "service.py"), verb];
    }

    restarts(): number {
        const log = join(this.root, "restarts");
        if (!existsSync(log)) return 0;
        return readFileSync(log, "utf8")
            .split("\n")
            .filter((line) => line === "restart").length;
    }

    /** A request that skips what needs a Cinder, unless told otherwise. */
    request(changes: Record<string, unknown> = {}): Record<string, unknown> {
        return {
            version: 1,
            host: "h1",
            configFile: this.conf,
            python: join(this.root, "python"),
            serviceUser: userInfo().username,
            service: {
                commands: {
                    restart: this.manager("restart"),
                    status: this.manager("status"),
                },
            },
            backends: [CEPH],
            timeouts: {
                healthSeconds: 1,
                applySeconds: 30,
                targetSeconds: 5,
                lockSeconds: 2,
            },
            skipChecks: ALL_CHECKS,
            ...changes,
        };
    }

    apply(changes: Record<string, unknown> = {}, verb = "apply"): Run {
        const done = spawnSync(PYTHON, ["-S", COMPILED, verb], {
            input: JSON.stringify(this.request(changes)),
        });
        return this.parse(done.status, done.stdout.toString(), done.stderr.toString());
    }

    /** A failure prints its sentence only; its whole result stands on the host, if it came to one. */
    private parse(code: number | null, stdout: string, stderr: string): Run {
        const kept = join(this.state, "result.json");
        const run = parseRun(code, stdout, stderr);
        return code === 0 || !existsSync(kept)
            ? run
            : { ...run, result: JSON.parse(readFileSync(kept, "utf8")) as Result };
    }

    start(changes: Record<string, unknown> = {}, verb = "apply"): ChildProcess {
        const child = spawn(PYTHON, ["-S", COMPILED, verb], {
            stdio: ["pipe", "pipe", "pipe"],
        });
        child.stdin.end(JSON.stringify(this.request(changes)));
        return child;
    }

    remove(): void {
        this.service("stop");
        rmSync(this.root, { recursive: true, force: true });
    }
}

export function parseRun(code: number | null, stdout: string, stderr: string): Run {
    const line = /^CINDER_DR_RESULT (.*)$/m.exec(stdout)?.[1] ?? "{}";
    return { code, result: JSON.parse(line) as Result, stdout, stderr };
}

export function finished(child: ChildProcess): Promise<Run> {
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
    return new Promise((done) => {
        child.on("close", (code) => {
            done(parseRun(code, stdout, stderr));
        });
    });
}

/** Runs `use` on a fake host and takes the host away, whatever happens. */
export async function withHost(
    use: (host: FakeHost) => void | Promise<void>,
    text?: string,
): Promise<void> {
    const host = new FakeHost(text);
    try {
        await use(host);
    } finally {
        host.remove();
    }
}

export interface MergeCase {
    text: string;
    backends: BackendRequest[];
}

export interface Merged {
    after: string;
    changed: Record<string, string[]>;
    again: string;
    back: string;
    kept: string[];
    items: [string, string | null, string][];
    error?: string;
}

/** The file's pure part, for many cases in one Python process. */
const DRIVER = `
import copy, json, sys, types
m = types.ModuleType("apply")
exec(compile(open(sys.argv[1]).read(), "apply", "exec"), m.__dict__)
def items(text):
    return [[i.section, i.key, i.value] for i in m.Text(text, "f").items]
def case(c):
    try:
        text, record = m.Text(c["text"], "f"), {}
    except m.BadText as error:
        return {"error": str(error)}
    changed = m.merge(text, c["backends"], record, "STATE", [])
    after = str(text)
    again = m.Text(after, "f")
    m.merge(again, c["backends"], copy.deepcopy(record), "STATE", [])
    back = m.Text(after, "f")
    kept = m.unmerge(back, copy.deepcopy(record), lambda section, key: True)[1]
    return {"after": after, "changed": changed, "again": str(again), "back": str(back),
            "kept": kept, "items": items(after)}
print(json.dumps([case(c) for c in json.load(sys.stdin)]))
`;

export function mergeAll(cases: MergeCase[]): Merged[] {
    const done = spawnSync(PYTHON, ["-c", DRIVER, APPLY], {
        input: JSON.stringify(cases),
        maxBuffer: 1 << 28,
    });
    if (done.status !== 0) throw new Error(done.stderr.toString());
    return JSON.parse(done.stdout.toString()) as Merged[];
}

export function mergeOne(text: string, backends: BackendRequest[] = [CEPH]): Merged {
    const [merged] = mergeAll([{ text, backends }]);
    if (merged === undefined) throw new Error("the driver must answer each case");
    return merged;
}
