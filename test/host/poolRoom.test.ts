import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { lifeIn, type Question } from "../../operations/hostScript";
import { askPool, fakeCeph, runPool } from "./askPool";

/** As far as host/pool.py asks a cluster; `osd dump` as Ceph 16.2 to 20 answers it. */
const RADOS = `
import json, os
state = json.load(open(os.path.join(os.path.dirname(__file__), "state.json")))
LIBRADOS_CREATE_EXCLUSIVE = 1
class ObjectNotFound(Exception): pass
class ObjectExists(Exception): pass
class TimedOut(Exception): pass
class WriteOpCtx:
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def new(self, _): pass
    def write_full(self, _): pass
class Pool:
    def stat(self, name):
        if "dead" in state["flags"]: raise TimedOut("[errno 110] error")
        raise ObjectNotFound(name)
    def operate_write_op(self, *_): self.write_full()
    def write_full(self, *_):
        flags = state["flags"] + "," + state["pools"]["volumes"]
        if "full" in flags.split(",") or "pausewr" in flags: raise TimedOut("[errno 110] error")
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def open_ioctx(self, _): return Pool()
    def get_fsid(self): return "f"
    def mon_command(self, words, _, timeout):
        prefix = json.loads(words)["prefix"]
        if prefix in state["denied"]: return -13, b"", "access denied"
        if prefix == "osd dump":
            pools = [{"pool": len(name), "pool_name": name, "flags": 1, "flags_names": flags} for name, flags in state["pools"].items()]
            return 0, json.dumps({"epoch": 9, "flags": state["flags"], "pools": pools}).encode(), ""
        return 0, b"{}", ""
`;
const RBD = `
import os, rados
def __getattr__(name): return name
class RBD:
    def mirror_image_status_list(self, _):
        if "cut" in rados.state["flags"]: os._exit(124)
        if "pauserd" in rados.state["flags"]: raise rados.TimedOut("[errno 110] error")
        return []
    def mirror_image_info_list(self, *_): return []
    def mirror_peer_list(self, _): return []
    def list2(self, _): return []
`;

interface Cluster {
    /** Of the OSD map. */
    flags?: string;
    /** Flags by pool. */
    pools?: Record<string, string>;
    /** Commands that the user may not give. */
    denied?: string[];
}

interface Answer {
    error?: string;
    flags?: unknown;
    daemons?: { error?: string };
    held?: boolean;
}

describe("host/pool.py", () => {
    const folder = fakeCeph(RADOS, RBD);

    function ask(request: Question, cluster: Cluster): Answer {
        const { flags = "sortbitwise,recovery_deletes", denied = [] } = cluster;
        const pools = { volumes: "hashpspool", ...cluster.pools };
        writeFileSync(join(folder(), "state.json"), JSON.stringify({ flags, pools, denied }));
        return askPool(folder(), request) as Answer;
    }
    const look = (cluster: Cluster) => ask({ do: "look" }, cluster);
    const content = { id: "1", who: "kim", verb: "failover" };
    const lock = (cluster: Cluster) => ask({ do: "lock", key: "k", content }, cluster);

    it("tells the flags of its pool, and of no other one", () => {
        const pools = { volumes: "hashpspool,nearfull", scratch: "hashpspool,full" };
        assert.deepEqual(look({ pools }).flags, { list: ["nearfull"] });
        const quota = { volumes: "hashpspool,full,full_quota" };
        assert.deepEqual(look({ pools: quota }).flags, { list: ["full", "full_quota"] });
        assert.deepEqual(look({}).flags, { list: [] });
        assert.deepEqual(look({ flags: "pausewr,noout" }).flags, { list: ["pausewr"] });
    });

    it("looks as before for a user who may not ask for them", () => {
        const answer = look({ denied: ["osd dump"] });
        assert.deepEqual(answer.flags, { error: "RuntimeError: access denied" });
        assert.deepEqual([answer.error, answer.daemons?.error], [undefined, undefined]);
    });

    it("says that the cluster answers before it looks, so that a look without an end proves that", () => {
        const pools = { volumes: "hashpspool" };
        writeFileSync(
            join(folder(), "state.json"),
            JSON.stringify({ flags: "cut", pools, denied: [] }),
        );
        assert.equal(lifeIn(runPool(folder(), { do: "look" })), "f");
        writeFileSync(
            join(folder(), "state.json"),
            JSON.stringify({ flags: "dead", pools, denied: [] }),
        );
        assert.equal(lifeIn(runPool(folder(), { do: "look" })), undefined);
    });

    it("names a paused cluster instead of a read that timed out", () => {
        assert.deepEqual(look({ flags: "pauserd,pausewr,sortbitwise" }), {
            error: "Paused: the cluster pauses reads and writes: `ceph osd unset pause`",
        });
    });

    it("names what keeps a lock from being written instead of a write that timed out", () => {
        assert.deepEqual(lock({ pools: { volumes: "hashpspool,full" } }), {
            held: false,
            flags: ["full"],
        });
        assert.deepEqual(lock({ flags: "pauserd,pausewr" }), { held: false, flags: ["pausewr"] });
        assert.deepEqual(lock({ pools: { volumes: "hashpspool,backfillfull" } }), { held: true });
        assert.deepEqual(lock({ denied: ["osd dump"] }), { held: true });
    });
});
