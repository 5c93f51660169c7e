import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";

import { answerIn, withRequest, type Question } from "../../operations/hostScript";
import type { CommandResult } from "../../operations/ssh";
import { PYTHON } from "./fakeHost";

const SITE = { cluster: "ceph", conf: "c", user: "u", pool: "volumes", seconds: 1 };

/** A run of host/pool.py. @param folder with the `rados.py` and `rbd.py` that stand for Ceph's own */
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
