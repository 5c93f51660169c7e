import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseTopology, type TopologyInput } from "../../core/topology";
import { SshHost } from "../../operations/ssh";
import { CONF, FAKE_PARTS, type Result, type World } from "../host/fakeHost";
import { LAB, labTopology, type Mutable } from "../lab/support";

const FOLDER = "/home/cinder-host";
export const CONFIG = `${FOLDER}/etc/cinder.conf`;
export const STATE = `${FOLDER}/etc/.cinder-dr/cinder.conf`;

/** Stands where SAFE_PATH looks first. */
const RBD = `#!/bin/sh
cluster=; while [ $# -gt 0 ]; do [ "$1" = --cluster ] && cluster=$2; shift; done
[ ! -e "${FOLDER}/lost-$cluster" ] && exit 0
echo "rbd: couldn't connect to the cluster!" >&2; exit 1
`;

const known = readFileSync(join(LAB, "ssh/known_hosts"), "utf8");

/** The host's entry in a topology; the service is played, everything else is real. */
export function lightEntry(name: string): Mutable {
    const line = known.split("\n").find((row) => row.split(/[ ,]/).includes(name)) ?? "";
    const [, type = "", key = ""] = line.split(" ");
    return {
        address: `127.0.2.${String(Number(name.slice("load-".length)))}`,
        hostKey: `${type} ${key}`,
        configFile: CONFIG,
        python: `${FOLDER}/python`,
        service: {
            commands: {
                restart: ["/usr/bin/python3", "-S", `${FOLDER}/service.py`, "restart"],
                status: ["/bin/sh", `${FOLDER}/status`, FOLDER],
            },
        },
    };
}

/** The lab's sites and backend with light hosts; `timeout` is the value that a change changes. */
export function lightTopology(names: readonly string[], timeout: number): Mutable {
    const { ssh, sites, release, backends } = labTopology();
    return {
        release,
        ssh,
        sites,
        backends: { ceph: { ...backends.ceph, radosConnectTimeoutSeconds: timeout } },
        hosts: Object.fromEntries(names.map((name) => [name, lightEntry(name)])),
        volumeTypes: {},
        timeouts: { healthSeconds: 3, targetSeconds: 5, applySeconds: 60 },
    };
}

/** Sends a signal to the sshd process of every push, and nothing to the host's own worker. */
const CUT_PUSH = `
import os, signal, sys
def words(pid):
    return open("/proc/%d/cmdline" % pid, "rb").read().split(b"\\0")[:-1]
def parent(pid):
    return int(open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()[1])
for entry in os.listdir("/proc"):
    try:
        if not entry.isdigit() or words(int(entry))[-1] not in (b"apply", b"remove"):
            continue
        pid = parent(int(entry))
        while pid > 1 and open("/proc/%d/comm" % pid).read().strip() != "sshd":
            pid = parent(pid)
        if pid > 1:
            os.kill(pid, getattr(signal, sys.argv[1]))
    except (OSError, IndexError):
        continue
`;

export interface Snapshot {
    file: string;
    pid: string;
}

/** A plain SSH host of the lab that plays a Cinder host: real sshd, files and processes, no Cinder. */
export class LightHost {
    private readonly ssh: SshHost;

    constructor(readonly name: string) {
        const topology = parseTopology(lightTopology([name], 5) as TopologyInput);
        const connection = topology.hosts[0]?.connection;
        assert.ok(connection);
        this.ssh = new SshHost(name, connection);
    }

    async sh(script: string, stdin?: string): Promise<string> {
        const input = stdin === undefined ? undefined : Buffer.from(stdin);
        const { code, stdout, stderr } = await this.ssh.run(["sh", "-c", script], 60, input);
        assert.equal(code, 0, `${this.name}: ${script}: ${stderr}`);
        return stdout.toString("utf8").trim();
    }

    /** A host as its operator left it: configured, running, never pushed. */
    async install(conf = CONF): Promise<void> {
        await this.sh(
            `umount -l ${FOLDER}/etc 2>/dev/null; chattr -R -i ${FOLDER} 2>/dev/null; [ ! -e ${FOLDER}/pid ] || kill -9 $(cat ${FOLDER}/pid) 2>/dev/null; rm -rf ${FOLDER}; mkdir -p ${FOLDER}/etc; touch /etc/ceph/ceph.conf /etc/ceph/secondary.conf`,
        );
        const parts: Record<string, string> = { ...FAKE_PARTS, "etc/cinder.conf": conf };
        for (const [name, text] of Object.entries(parts))
            await this.sh(`cat > ${FOLDER}/${name}`, text);
        await this.sh("cat > /usr/local/sbin/rbd && chmod 755 /usr/local/sbin/rbd", RBD);
        await this.sh(
            `chmod 755 ${FOLDER}/python; chgrp -R cinder ${FOLDER}/etc; chmod 750 ${FOLDER}/etc; chmod 640 ${CONFIG}`,
        );
        await this.world({});
        await this.service("restart");
        // Otherwise the service is older than its file by less than the clock's tick.
        await this.sh(`touch -d '1 hour ago' ${CONFIG}`);
    }

    /** What the stand-ins do from now on. */
    world = async (world: World): Promise<void> => {
        // Whole at any moment: the stand-ins read it whenever they like.
        const file = `${FOLDER}/world.json`;
        await this.sh(`cat > ${file}.new && mv ${file}.new ${file}`, JSON.stringify(world));
    };

    service = async (verb: "restart" | "stop"): Promise<void> => {
        await this.sh(`python3 -S ${FOLDER}/service.py ${verb}`);
    };

    /** Whether a cluster answers here. */
    lose = async (cluster: string, lost = true): Promise<void> => {
        await this.sh(`${lost ? "touch" : "rm -f"} ${FOLDER}/lost-${cluster}`);
    };

    config = (): Promise<string> => this.sh(`cat ${CONFIG}; echo .`).then((s) => s.slice(0, -1));

    pid = (): Promise<string> => this.sh(`sh ${FOLDER}/status ${FOLDER} || true`);

    restarts = async (): Promise<number> =>
        Number(await this.sh(`grep -c restart ${FOLDER}/restarts || true`));

    async snapshot(): Promise<Snapshot> {
        const text = await this.config();
        return { file: createHash("sha256").update(text).digest("hex"), pid: await this.pid() };
    }

    /** The last run's outcome, as the host keeps it. */
    result = async (): Promise<Partial<Result>> => {
        const text = await this.sh(`cat ${STATE}/result.json 2>/dev/null || echo '{}'`);
        return JSON.parse(text) as Partial<Result>;
    };

    /** When the last run ended. */
    runTime = (): Promise<string> => this.sh(`stat -c %y ${STATE}/result.json 2>/dev/null || true`);

    /** Phase of a change that is under way, or "". */
    phase = async (): Promise<string> => {
        const text = await this.sh(`cat ${STATE}/pending 2>/dev/null || echo '{}'`);
        return (JSON.parse(text) as { phase?: string }).phase ?? "";
    };

    /** Temporary files that a push left, beside the file or in its folder. */
    leftovers = (): Promise<string> =>
        this.sh(`cd ${FOLDER}/etc && find . -name '.*.cinder-dr-*' | sort`);

    /** The pid in the lock of a run that is under way. */
    worker = (): Promise<string> =>
        this.sh(
            `w=$(sed -n 's/^pid \\([0-9]*\\) .*/\\1/p' ${STATE}/lock 2>/dev/null); [ -n "$w" ] && [ -d /proc/$w ] && echo $w || true`,
        );

    /** Cuts the connections of pushes that are under way. */
    cutPush = async (): Promise<void> => {
        await this.sh("python3 - SIGKILL", CUT_PUSH);
    };

    /** Freezes the connections of pushes that are under way. */
    freezePush = async (): Promise<void> => {
        await this.sh("python3 - SIGSTOP", CUT_PUSH);
    };

    /** Ends what was frozen. */
    killFrozen = async (): Promise<void> => {
        await this.sh("ps -eo pid,stat | awk '$2 ~ /^T/ {print $1}' | xargs -r kill -9");
    };

    /** Whether a push stands still where the world holds it. */
    held = async (): Promise<boolean> =>
        (await this.sh(`ls ${FOLDER}/held 2>/dev/null || true`)) !== "";

    /** Kills a push's own worker, as the out-of-memory killer would. */
    killWorker = async (): Promise<void> => {
        const worker = await this.worker();
        assert.notEqual(worker, "", "no push is under way");
        // Dead, it cannot take back its word that it stands still.
        await this.sh(`kill -9 ${worker}; rm -f ${FOLDER}/held`);
    };

    async until(what: string, holds: () => Promise<boolean>, seconds = 60): Promise<void> {
        const deadline = Date.now() + seconds * 1000;
        while (!(await holds())) {
            assert.ok(Date.now() < deadline, `${this.name}: ${what} did not happen`);
            await new Promise((done) => setTimeout(done, 50));
        }
    }

    close(): void {
        this.ssh.close();
    }
}
