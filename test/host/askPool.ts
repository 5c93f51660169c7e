import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { answerIn, withRequest, type Question } from "../../operations/hostScript";
import type { CommandResult } from "../../operations/ssh";
import { PYTHON } from "./fakeHost";

const SITE = { cluster: "ceph", conf: "c", user: "u", pool: "volumes", seconds: 1 };

/** For each test of a describe a folder with the `rados.py` and `rbd.py` that stand for Ceph's own. @returns its path */
export function fakeCeph(rados: string, rbd: string): () => string {
    let folder = "";
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "cinder-dr-pool-"));
        writeFileSync(join(folder, "rados.py"), rados);
        writeFileSync(join(folder, "rbd.py"), rbd);
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });
    return () => folder;
}

/** A run of host/pool.py. @param folder of {@link fakeCeph} */
export function runPool(folder: string, question: Question): CommandResult {
    const { stdout, stderr, status } = spawnSync(PYTHON, ["-"], {
        input: withRequest("pool.py", { ...question, ...SITE }),
        env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
    });
    assert.equal(stderr.toString("utf8"), "");
    return { code: status ?? -1, stdout, stderr: "" };
}

/** What host/pool.py answers. */
export const askPool = (folder: string, question: Question): unknown =>
    answerIn(runPool(folder, question));
