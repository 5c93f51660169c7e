import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Question } from "../../operations/hostScript";
import { askPool, fakeCeph } from "./askPool";

/** As far as host/pool.py asks a cluster whose images keep their data in pools of their own. */
const RADOS = `
import json, os, struct
here = os.path.dirname(__file__)
state = json.load(open(os.path.join(here, "state.json")))
def tell(word):
    with open(os.path.join(here, "log"), "a") as log: log.write(word + "\\n")
class TimedOut(Exception): pass
class PermissionDenied(Exception): pass
class ObjectNotFound(Exception): pass
class Pool:
    def stat(self, name): raise ObjectNotFound(name)
    def execute(self, key, cls, method, data, length):
        if cls == "journal": return 0, b"\\0" * 10
        assert (cls, method, data) == ("rbd", "get_data_pool", b""), (cls, method, data)
        tell("read " + key)
        if state["denied"]: raise PermissionDenied("[errno 13] error")
        return 0, struct.pack("<q", state["images"][key[len("rbd_header.id-"):]])
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def open_ioctx(self, _): return Pool()
    def get_fsid(self): return "f"
    def pool_reverse_lookup(self, at): return {7: "ec", 8: "ssd"}[at]
    def mon_command(self, words, _, timeout):
        if json.loads(words)["prefix"] != "osd dump": return 0, b"{}", ""
        ids = {"volumes": 1, "ec": 7, "ssd": 8, "scratch": 9}
        pools = [{"pool": at, "pool_name": name, "flags_names": state["pools"].get(name, "hashpspool")} for name, at in ids.items()]
        return 0, json.dumps({"flags": "sortbitwise", "pools": pools}).encode(), ""
`;
const RBD = `
import rados
RBD_FEATURE_EXCLUSIVE_LOCK, RBD_FEATURE_JOURNALING = 4, 64
RBD_MIRROR_IMAGE_DISABLED = 2
def __getattr__(name): return name
made = {}
class RBD:
    def mirror_image_status_list(self, _):
        status = {"up": True, "state": 1, "description": "", "last_update": None}
        for name in rados.state["images"]:
            yield dict(status, name=name, id="id-" + name, remote_statuses=[], info={"global_id": "g", "state": 1})
    def mirror_image_info_list(self, *_): return []
    def mirror_peer_list(self, _): return []
    def list2(self, _): return [{"name": name, "id": "id-" + name} for name in rados.state["images"]]
    def list(self, _): return list(made)
    def create(self, _, name, size, features, data_pool=None):
        rados.tell("create in %s" % data_pool)
        made[name] = data_pool
    def remove(self, _, name):
        rados.tell("remove from %s" % made.pop(name))
class Image:
    def __init__(self, _, name, read_only=False): self.name = name
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def mirror_image_enable(self): pass
    def mirror_image_disable(self, _): pass
    def write(self, data, _):
        if "full" in rados.state["pools"].get(made[self.name] or "", ""): raise rados.TimedOut("[errno 110] error")
        Image.data = data
    def flush(self): pass
    def read(self, *_): return Image.data
`;

interface Cluster {
    /** Id of its data pool by image; -1 is the pool itself. */
    images?: Record<string, number>;
    /** Flags by pool. */
    pools?: Record<string, string>;
    /** Whether the user may not read the images' headers. */
    denied?: boolean;
}

describe("the images' data pools in host/pool.py", () => {
    const folder = fakeCeph(RADOS, RBD);
    beforeEach(() => {
        writeFileSync(join(folder(), "log"), "");
    });

    function ask(question: Question, { images = {}, pools = {}, denied = false }: Cluster) {
        writeFileSync(join(folder(), "state.json"), JSON.stringify({ images, pools, denied }));
        return askPool(folder(), question) as Record<string, unknown>;
    }
    const look = (cluster: Cluster) => ask({ do: "look" }, cluster).flags;
    const log = (): string[] =>
        readFileSync(join(folder(), "log"), "utf8").split("\n").slice(0, -1).sort();
    const FULL = "hashpspool,full,full_quota";

    it("tells the flags of those that hold images' data, and of no other one", () => {
        const images = { v1: 7, v2: -1, v3: 8, v4: 7 };
        const pools = { ec: FULL, scratch: FULL, volumes: "hashpspool,nearfull" };
        assert.deepEqual(look({ images, pools }), {
            list: ["nearfull"],
            data: { ec: ["full", "full_quota"] },
        });
        assert.deepEqual(look({ images: { v1: -1 }, pools }), { list: ["nearfull"] });
    });

    it("asks no image where no other pool has a flag", () => {
        const images = { v1: 7 };
        assert.deepEqual(look({ images, pools: { volumes: FULL } }), {
            list: ["full", "full_quota"],
        });
        assert.deepEqual(log(), []);
        look({ images, pools: { scratch: "hashpspool,nearfull" } });
        assert.deepEqual(log(), ["read rbd_header.id-v1"]);
    });

    it("looks as before for a user who may not read the images' headers", () => {
        const pools = { ec: FULL, volumes: "hashpspool,nearfull" };
        assert.deepEqual(look({ images: { v1: 7 }, pools, denied: true }), {
            list: ["nearfull"],
            error: "RuntimeError: the images' data pools: PermissionDenied: [errno 13] error",
        });
    });

    const probe = (cluster: Cluster, ...images: string[]) =>
        ask({ do: "probe", name: "p", images }, cluster);

    it("each get a probe image of their own", () => {
        const images = { v1: 7, v2: -1, v3: 7, v4: 8 };
        assert.deepEqual(probe({ images }, "v1", "v2", "v3", "gone"), {
            same: true,
            pools: [null, "ec"],
        });
        assert.deepEqual(
            log().filter((line) => !line.startsWith("read")),
            ["create in None", "create in ec", "remove from None", "remove from ec"],
        );
        assert.deepEqual(probe({ images }), { same: true, pools: [null] });
    });

    it("are named when their probe cannot be written", () => {
        assert.deepEqual(probe({ images: { v1: 7 }, pools: { ec: FULL } }, "v1"), {
            error: "RuntimeError: data pool 'ec': TimedOut: [errno 110] error",
        });
        assert.deepEqual(
            log().filter((line) => line.startsWith("remove")),
            ["remove from ec"],
        );
    });
});
