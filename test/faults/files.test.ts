import { strict as assert } from "node:assert";

import { expectCode } from "../lab/support";
import { Engine, sentence } from "./engine";
import { CONFIG, LightHost, lightTopology } from "./lightHost";
import { row } from "./matrix";
import {
    another,
    converges,
    NOTHING,
    saysTimeout,
    state,
    tryFault,
    UNTOUCHED,
    words,
} from "./trial";

/** What tells a changed file from the one before. */
const line = (timeout: number): string => `rados_connect_timeout = ${String(timeout)}`;

const FOLDER = CONFIG.replace(/\/cinder\.conf$/, "");

describe("faults of files and services", () => {
    const host = new LightHost("load-01");
    let engine: Engine;
    before(() => {
        engine = new Engine("faults-files");
    });
    /** Each row starts from a host that has been pushed once. */
    beforeEach(async () => {
        await host.install();
        await host.sh(`rm -rf ${FOLDER}/.cinder-dr`);
        engine.close();
        engine = new Engine("faults-files");
        expectCode(await engine.up(lightTopology([host.name], another())), 0);
    });
    after(() => {
        host.close();
        engine.close();
    });

    /** Puts the folder of the file on a file system of its own with these mount options. */
    const onTmpfs = (options: string) =>
        host.sh(
            `cp -a ${FOLDER} ${FOLDER}.kept && mount -t tmpfs -o ${options},mode=750 tmpfs ${FOLDER} && chgrp cinder ${FOLDER} && cp -a ${FOLDER}.kept/. ${FOLDER}/ && rm -rf ${FOLDER}.kept`,
        );
    const grow = "mount -o remount,size=8m,nr_inodes=1000";

    row(14, "disk full", () =>
        tryFault(engine, host, {
            spoil: async () => {
                await onTmpfs("size=256k");
                await host.sh(`head -c 300000 /dev/zero > ${FOLDER}/filler 2>/dev/null || true`);
            },
            repair: async () => {
                await host.sh(`${grow} ${FOLDER}; rm -f ${FOLDER}/filler`);
            },
            says: /cinder-dr: load-01: (?:lock|stage|read): [^\n]*No space left on device/,
        }),
    );
    row(14, "no inode left", () =>
        tryFault(engine, host, {
            spoil: async () => {
                await onTmpfs("size=4m,nr_inodes=40");
                await host.sh(
                    `i=0; while touch ${FOLDER}/filler.$i 2>/dev/null; do i=$((i+1)); done; true`,
                );
            },
            repair: async () => {
                await host.sh(`${grow} ${FOLDER}; rm -f ${FOLDER}/filler.*`);
            },
            says: /cinder-dr: load-01: (?:lock|stage): [^\n]*No space left on device/,
        }),
    );
    row(15, "/etc is read-only", () =>
        tryFault(engine, host, {
            spoil: () =>
                host.sh(`mount --bind ${FOLDER} ${FOLDER} && mount -o remount,bind,ro ${FOLDER}`),
            repair: () => host.sh(`umount ${FOLDER}`),
            says: /cinder-dr: load-01: lock: [^\n]*Read-only file system/,
        }),
    );
    row(15, "cinder.conf is immutable", () =>
        tryFault(engine, host, {
            spoil: () => host.sh(`chattr +i ${CONFIG}`),
            repair: () => host.sh(`chattr -i ${CONFIG}`),
            says: /cinder-dr: load-01: lock: [^\n]*cinder\.conf is immutable or append-only; chattr -i -a it/,
        }),
    );
    row(15, "the folder of cinder.conf is immutable", () =>
        tryFault(engine, host, {
            spoil: () => host.sh(`chattr +i ${FOLDER}`),
            repair: () => host.sh(`chattr -i ${FOLDER}`),
            says: /cinder-dr: load-01: stage: [^\n]*Operation not permitted/,
        }),
    );
    row(15, "cinder.conf is a symlink into another file system", async () => {
        await host.sh(
            `mkdir -p /run/real && cp -a ${CONFIG} /run/real/cinder.conf && cp -a ${FOLDER}/.cinder-dr /run/real/ && ln -sf /run/real/cinder.conf ${CONFIG}`,
        );
        const before = await host.snapshot();
        const timeout = another();
        const { code, output } = await engine.up(lightTopology([host.name], timeout));
        assert.equal(code, 0, output);
        assert.ok(saysTimeout(timeout, await host.sh("cat /run/real/cinder.conf")));
        assert.equal(await host.sh(`readlink ${CONFIG}`), "/run/real/cinder.conf");
        const after = await state(host, before);
        assert.equal(after, words("changed", "new process"));
        const again = await host.snapshot();
        expectCode(await engine.up(lightTopology([host.name], timeout), "--expect-no-changes"), 0);
        assert.equal(await state(host, again), UNTOUCHED);
        await host.sh("rm -rf /run/real");
        return {
            saw: "nothing: the link is followed",
            after: `${after}, still a symlink`,
            next: "up: unchanged",
        };
    });
    row(17, "the service does not start with the new file", () =>
        tryFault(engine, host, {
            spoil: (timeout) => host.world({ exitsOn: line(timeout) }),
            repair: () => host.world({}),
            says: /cinder-dr: load-01: health: [^\n]*the service is 'failed'[^\n]*; rolled back; the host runs as before/,
            after: words("byte-equal", "new process"),
        }),
    );
    row(17, "the restart command fails", () =>
        tryFault(engine, host, {
            spoil: (timeout) => host.world({ restartFailsOn: line(timeout) }),
            repair: () => host.world({}),
            says: /cinder-dr: load-01: restart: [^\n]*ended with 1: Job failed, password=\*\*\*; rolled back/,
            after: words("byte-equal", "new process"),
        }),
    );
    row(18, "the service starts and its driver does not", () =>
        tryFault(engine, host, {
            spoil: (timeout) => host.world({ mutesOn: line(timeout) }),
            repair: () => host.world({}),
            says: /cinder-dr: load-01: health: [^\n]*replication_status is 'error'[^\n]*; rolled back/,
            after: words("byte-equal", "new process"),
        }),
    );
    row(19, "the last known good file does not come up either", () =>
        tryFault(engine, host, {
            spoil: () => host.world({ exitsOn: "[ceph]" }),
            repair: async () => {
                await host.world({});
                await host.service("restart");
            },
            says: /cinder-dr: load-01: health: [^\n]*the last known good configuration does not come up either[^\n]*the refused file is \S+rejected/,
            after: words("byte-equal", "new process"),
        }),
    );

    row(16, "power loss right after the rename", async () => {
        // A kill of everything stands for the loss; that the bytes were synced first is a test of the host file.
        const before = await host.snapshot();
        const timeout = another();
        await host.world({ holdsAt: "restart", holdSeconds: 30 });
        const up = engine.up(lightTopology([host.name], timeout));
        await host.until("the rename", async () => (await host.phase()) === "restarting");
        await host.killWorker();
        const { output } = await up;
        await host.sh("pkill -9 -f '[s]ervice.py' || true");
        assert.ok(saysTimeout(timeout, await host.config()), "the file is not whole");
        await host.world({});
        await host.service("restart");
        const after = await state(host, before);
        return { saw: sentence(output), after, next: await converges(engine, host, timeout) };
    });

    row(20, "the rollback loses its SSH connection", async () => {
        const before = await host.snapshot();
        const timeout = another();
        await host.world({ mutesOn: line(timeout) });
        const running = engine.up(lightTopology([host.name], timeout));
        await host.until("the rollback", async () => (await host.phase()) === "rolling back");
        await host.cutPush();
        const { code, output } = await running;
        assert.notEqual(code, 0);
        assert.match(
            output,
            /cinder-dr: load-01: connection: it was lost during the push; the host finishes or rolls back by itself/,
        );
        // Its result is the last thing that a run leaves, after the change's own marks are gone.
        await host.until("the end", async () => (await host.worker()) === "");
        assert.equal((await host.result()).outcome, "rolled-back");
        const after = await state(host, before);
        assert.equal(after, words("byte-equal", "new process"));
        await host.world({});
        return {
            saw: sentence(output),
            after: `${after}, rolled back by itself`,
            next: await converges(engine, host, timeout),
        };
    });

    row(26, "cinder.conf is open to everybody (0644)", async () => {
        await host.sh(`chmod 644 ${CONFIG}`);
        const before = await host.snapshot();
        const timeout = another();
        const { output } = expectCode(await engine.up(lightTopology([host.name], timeout)), 0);
        const said =
            /cinder-dr: load-01: \S+cinder\.conf has mode 0644: everybody on this host may read it, and it holds passwords; chmod o-rwx it/;
        assert.match(output, said);
        assert.equal(await host.sh(`stat -c %a ${CONFIG}`), "644");
        const after = await state(host, before);
        await host.sh(`chmod 640 ${CONFIG}`);
        const closed = another();
        const next = await engine.up(lightTopology([host.name], closed));
        expectCode(next, 0);
        assert.doesNotMatch(next.output, said);
        assert.equal(await host.sh(`stat -c %a ${CONFIG}`), "640");
        return {
            saw: said.exec(output)?.[0] ?? "",
            after: `${after}; mode kept`,
            next: "up: restarted",
        };
    });

    row(27, "five changes in a row", async () => {
        const before = await host.snapshot();
        let timeout = 0;
        for (let change = 0; change < 5; change++) {
            timeout = another();
            expectCode(await engine.up(lightTopology([host.name], timeout)), 0);
        }
        const kept = await host.sh(
            `cd ${FOLDER}/.cinder-dr/cinder.conf && stat -c '%n %a' last-known-good*`,
        );
        assert.equal(kept, "last-known-good 600\nlast-known-good.1 600\nlast-known-good.2 600");
        return {
            saw: "nothing: three earlier files are kept, 0600",
            after: await state(host, before),
            next: await converges(engine, host, timeout, NOTHING),
        };
    });
});
