import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";

import { withRequest, type Question } from "../../operations/hostScript";
import { PYTHON } from "./fakeHost";

const SITE = { cluster: "ceph", conf: "c", user: "u", pool: "volumes", seconds: 1 };

/** What host/pool.py answers. @param folder with the `rados.py` and `rbd.py` that stand for Ceph's own */
export function askPool(folder: string, question: Question): unknown {
    const { stdout, stderr } = spawnSync(PYTHON, ["-"], {
        input: withRequest("pool.py", { ...question, ...SITE }),
        env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
        encoding: "utf8",
    });
    assert.equal(stderr, "");
    return JSON.parse(stdout) as unknown;
}
