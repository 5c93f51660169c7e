import { strict as assert } from "node:assert";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { askPool, fakeCeph } from "./askPool";

const KEY = "cinder-dr.rbd-mirror.lock";

/** A cluster whose pools are folders, as far as host/pool.py asks for those that are mirrored; `state.json` says what they are. */
const RADOS = `
import json, os
here = os.path.dirname(__file__)
pools = json.load(open(os.path.join(here, "state.json")))
LIBRADOS_CREATE_EXCLUSIVE = 1
class Error(Exception): pass
class ObjectNotFound(Error): pass
class ObjectExists(Error): pass
class WriteOpCtx:
    def __enter__(self):
        self.mode = "wb"
        return self
    def __exit__(self, *_): pass
    def new(self, _): self.mode = "xb"
    def cmpext(self, _): pass
    def write_full(self, content): self.content = content
    def remove(self): self.content = None
class Pool:
    def __init__(self, name): self.name = name
    def application_list(self): return [] if "plain" in pools[self.name] else ["rbd"]
    def stat(self, _): pass
    def at(self, key): return os.path.join(here, self.name, key)
    def operate_write_op(self, op, key, _):
        if op.content is None: return os.remove(self.at(key))
        try:
            with open(self.at(key), op.mode) as file: file.write(op.content)
        except FileExistsError: raise ObjectExists()
    def read(self, key, _):
        with open(self.at(key), "rb") as file: return file.read()
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def open_ioctx(self, name):
        if name == "gone": raise ObjectNotFound()
        return Pool(name)
    def list_pools(self): return list(pools)
    def get_fsid(self): return "f"
    def mon_command(self, words, _, timeout):
        if json.loads(words)["prefix"] != "osd dump": return 0, b"{}", ""
        rows = [{"pool": at, "pool_name": name, "flags_names": kind} for at, (name, kind) in enumerate(pools.items())]
        return 0, json.dumps({"flags": "", "pools": rows}).encode(), ""
`;
const RBD = `
import rados, time
RBD_MIRROR_MODE_DISABLED = 0
class PermissionError(Exception): pass
def __getattr__(name): return name
class RBD:
    def mirror_mode_get(self, pool):
        kind = rados.pools[pool.name]
        assert "plain" not in kind
        if "denied" in kind: raise PermissionError("[errno 1] error")
        if "hangs" in kind: time.sleep(30)
        return 1 if "mirrored" in kind else 0
    def mirror_image_status_list(self, _): return []
    def mirror_image_info_list(self, *_): return []
    def mirror_peer_list(self, _): return []
    def list2(self, _): return []
`;

interface Answer {
    held?: boolean;
    by?: { id: string };
    pool?: string;
    unseen?: string | null;
    flags?: string[];
    mirrored?: { list: string[]; unseen?: string };
}

describe("the mirrored pools of a cluster in host/pool.py", () => {
    const folder = fakeCeph(RADOS, RBD);

    /** @param pools what each is, in words */
    function has(pools: Record<string, string>): void {
        writeFileSync(join(folder(), "state.json"), JSON.stringify(pools));
        for (const name of Object.keys(pools)) mkdirSync(join(folder(), name), { recursive: true });
    }
    const ask = (request: object) => askPool(folder(), request as { do: string }) as Answer;
    const lock = (id: string) =>
        ask({ do: "lock", key: KEY, ofCluster: true, content: { id, word: id } });
    const isThere = (pool: string) => existsSync(join(folder(), pool, KEY));

    it("have the cluster's own lock in the first of them, whatever pool is asked", () => {
        has({
            volumes: "mirrored",
            vms: "mirrored",
            cold: "mirrored",
            backup: "",
            archive: "plain",
            gone: "mirrored",
        });
        assert.deepEqual(lock("x"), { held: true, pool: "cold", unseen: null });
        assert.deepEqual([isThere("cold"), isThere("volumes")], [true, false]);
        const { held, by, pool } = lock("y");
        assert.deepEqual([held, by?.id, pool], [false, "x", "cold"]);
    });

    it("have it where it was asked for, with the reason, if one of them may come before and cannot be seen", () => {
        has({ volumes: "mirrored", cold: "mirrored", alpha: "denied" });
        assert.deepEqual(lock("x"), {
            held: true,
            pool: "volumes",
            unseen: "pool 'alpha': PermissionError: [errno 1] error",
        });
        has({ volumes: "mirrored", zeta: "denied" });
        assert.equal(lock("x").unseen, null);
        has({ volumes: "", alpha: "" });
        const { pool, unseen } = lock("x");
        assert.deepEqual(
            [pool, unseen],
            ["volumes", "none with the application rbd has a mirror mode"],
        );
    });

    it("are not waited for where their OSDs are gone", () => {
        has({ volumes: "mirrored", alpha: "hangs" });
        const start = performance.now();
        assert.equal(lock("x").unseen, "pool 'alpha': no answer within 1 s");
        assert.ok(performance.now() - start < 10_000);
    });

    it("keep the lock from being written when the one is full in which it lies", () => {
        has({ volumes: "mirrored", cold: "mirrored,full" });
        const { held, flags, pool } = lock("x");
        assert.deepEqual([held, flags, pool], [false, ["full"], "cold"]);
    });

    it("are told with a look that asks for them, and with no other", () => {
        has({ volumes: "mirrored", cold: "mirrored", backup: "" });
        assert.deepEqual(ask({ do: "look", mirrored: true }).mirrored, {
            list: ["cold", "volumes"],
        });
        assert.equal(ask({ do: "look" }).mirrored, undefined);
        has({ volumes: "mirrored", alpha: "denied", zeta: "denied" });
        assert.deepEqual(ask({ do: "look", mirrored: true }).mirrored, {
            list: ["volumes"],
            unseen: "pool 'alpha': PermissionError: [errno 1] error",
        });
    });
});
