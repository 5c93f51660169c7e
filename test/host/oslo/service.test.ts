import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, before, beforeEach, describe, it } from "mocha";

import { withRequest } from "../../../operations/hostScript";
import { PYTHON } from "../fakeHost";

const UNIT = "cinder-volume";

/** host/service.py as a Cinder host runs it, with Debian's oslo.config, beside a cinder-volume that only sleeps. */
describe("what a Cinder host answers from its configuration", function () {
    this.timeout(20_000);
    let root: string;
    let running: ChildProcess | undefined;
    before(function () {
        if (spawnSync(PYTHON, ["-c", "import oslo_config"]).status === 0) return;
        assert.equal(process.env["CI"], undefined, "oslo_config must be installed where CI runs");
        this.skip();
    });
    beforeEach(() => {
        root = realpathSync(mkdtempSync(join(tmpdir(), "cinder-dr-service-")));
        mkdirSync(join(root, "conf.d"));
        write("cinder-volume", "while :; do sleep 1; done\n");
        write("topology.conf", "[DEFAULT]\nhost = topology\n");
        write("main.conf", "[DEFAULT]\nhost = main\n[ceph]\nrbd_secret_uuid = x\n");
        write("conf.d/10.conf", "[DEFAULT]\nhost = folder\ncluster = both\n");
        manager(0);
    });
    afterEach(() => {
        if (running?.pid !== undefined) process.kill(-running.pid, "SIGKILL");
        running = undefined;
        rmSync(root, { recursive: true });
    });

    function write(name: string, text: string): void {
        writeFileSync(join(root, name), text);
    }
    /** What systemd says of the unit; 0 where nothing runs. */
    function manager(pid: number): void {
        write(
            "systemctl",
            `#!/bin/sh\n[ "$*" = "show -p MainPID ${UNIT}" ] && echo MainPID=${pid}\n`,
        );
        chmodSync(join(root, "systemctl"), 0o755);
    }
    /** Starts it under a wrapper, as Debian's init script and sudo are one. */
    function start(...words: string[]): void {
        const line = `/bin/sh ${root}/cinder-volume ${words.join(" ")}; true`;
        running = spawn("/bin/sh", ["-c", line], { cwd: root, detached: true, stdio: "ignore" });
        manager(running.pid ?? 0);
    }
    const question = (more: object) => ({
        do: "look",
        section: "ceph",
        config: join(root, "topology.conf"),
        sides: {},
        ...more,
    });
    interface Answer {
        service: string | null;
        cluster: string | null;
        arguments: string[] | null;
        error?: string;
    }
    function look(more: object = { unit: UNIT }, [command, ...words]: string[] = [PYTHON]): Answer {
        const done = spawnSync(command ?? PYTHON, [...words, "-I", "-"], {
            input: withRequest("service.py", question(more)),
            env: { PATH: `${root}:/usr/bin:/bin` },
        });
        return JSON.parse(done.stdout.toString()) as Answer;
    }

    it("is what the files of the running process say, in its order", () => {
        start("--config-file=main.conf", "--config-dir", "conf.d", "--log-file", "x");
        const seen = look();
        assert.deepEqual([seen.service, seen.cluster], ["folder@ceph", "both@ceph"]);
        assert.deepEqual(seen.arguments, [
            "--config-file",
            join(root, "main.conf"),
            "--config-dir",
            join(root, "conf.d"),
        ]);
    });

    it("is what it was last seen with once it is stopped, and else what the topology's file says", () => {
        const last = ["--config-file", join(root, "main.conf")];
        const seen = look({ unit: UNIT, arguments: last });
        assert.deepEqual([seen.service, seen.arguments], ["main@ceph", null]);
        assert.equal(look().service, "topology@ceph");
        start("--config-dir", join(root, "conf.d"), "--config-file", join(root, "main.conf"));
        assert.equal(look({ unit: UNIT, arguments: last }).service, "main@ceph");
        assert.equal(look({ unit: UNIT, arguments: last }).cluster, "both@ceph");
    });

    it("is told by the process of its own container", function () {
        const other = `unshare -pf --mount-proc /bin/sh ${root}/cinder-volume --config-file ${root}/topology.conf`;
        const own = `/bin/sh ${root}/cinder-volume --config-dir ${root}/conf.d --config-file ${root}/main.conf`;
        const inside = `${other} & sleep 0.5; ${own} & exec "$@"`;
        const container = ["unshare", "-rpf", "--mount-proc", "/bin/sh", "-c", inside, "sh"];
        if (spawnSync("unshare", ["-rpf", "--mount-proc", "true"]).status !== 0) this.skip();
        start("--config-file", join(root, "topology.conf"));
        const seen = look({}, [...container, PYTHON]);
        assert.deepEqual([seen.service, seen.cluster], ["main@ceph", "both@ceph"]);
    });

    it("names a file that is not there", () => {
        const seen = look({ unit: UNIT, config: "/nowhere/cinder.conf" });
        assert.equal(seen.service, null);
        assert.match(seen.error ?? "", /ConfigFilesNotFoundError: .*\/nowhere\/cinder\.conf/);
    });
});
