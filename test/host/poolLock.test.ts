import { strict as assert } from "node:assert";
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";

import { askPool, fakeCeph } from "./askPool";

const KEY = "cinder-dr.lock";

/** A pool whose objects are files, as far as a lock needs it. */
const FAKE_RADOS = `import os
LIBRADOS_CREATE_EXCLUSIVE = 1
class ObjectNotFound(Exception): pass
class ObjectExists(Exception): pass
class WriteOpCtx:
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def new(self, flag): pass
    def write_full(self, content): self.content = content
class Pool:
    def at(self, key): return os.path.join(os.path.dirname(__file__), key)
    def operate_write_op(self, op, key):
        if os.path.exists(self.at(key)): raise ObjectExists()
        self.write_full(key, op.content)
    def write_full(self, key, content):
        with open(self.at(key), "wb") as file: file.write(content)
    def read(self, key, length):
        if not os.path.exists(self.at(key)): raise ObjectNotFound()
        with open(self.at(key), "rb") as file: return file.read(length)
    def stat(self, key): return None, os.stat(self.at(key)).st_mtime
    def remove_object(self, key): os.remove(self.at(key))
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def open_ioctx(self, name): return Pool()
`;

interface Owner {
    id: string;
    who: string;
}

describe("the lock of host/pool.py", () => {
    const folder = fakeCeph(FAKE_RADOS, "def __getattr__(name): return name\n");

    function ask(verb: string, owner: Owner, broken?: string): { held: boolean; by?: Owner } {
        const content = { ...owner, verb: "failback", since: "now" };
        const more = broken === undefined ? {} : { break: broken };
        return askPool(folder(), { do: verb, key: KEY, content, ...more }) as ReturnType<
            typeof ask
        >;
    }
    /** Ages the lock. */
    const silent = (seconds: number) => {
        const then = Date.now() / 1000 - seconds;
        utimesSync(join(folder(), KEY), then, then);
    };
    const holder = () => (JSON.parse(readFileSync(join(folder(), KEY), "utf8")) as Owner).who;

    const [kim, lee] = ["kim@bastion", "lee@desk"].map((who) => ({ id: "x", who })) as [
        Owner,
        Owner,
    ];

    it("is taken again at once by who held it, after a kill", () => {
        assert.deepEqual(ask("lock", kim), { held: true });
        assert.equal(ask("lock", kim).held, true);
    });

    it("is not shared by two machines that drive one operation", () => {
        ask("lock", kim);
        silent(50);
        const { held, by } = ask("lock", lee);
        assert.deepEqual([held, by?.who, holder()], [false, kim.who, kim.who]);
        assert.equal(ask("lock", lee, "another").held, false);
    });

    it("goes to another machine by the word, or after a minute of silence", () => {
        ask("lock", kim);
        assert.equal(ask("lock", lee, "x").held, true);
        assert.equal(holder(), lee.who);
        silent(70);
        assert.equal(ask("lock", kim).held, true);
        assert.equal(holder(), kim.who);
    });

    it("is kept from another operation, however silent its holder, unless broken by the word", () => {
        ask("lock", kim);
        silent(7000);
        assert.equal(ask("lock", { ...kim, id: "y" }).held, false);
        assert.equal(ask("lock", { ...kim, id: "y" }, "x").held, true);
    });

    it("is neither renewed nor given back by whom it was taken from", () => {
        ask("lock", kim);
        ask("lock", lee, "x");
        const { held, by } = ask("renew", kim);
        assert.deepEqual([held, by?.who], [false, lee.who]);
        ask("unlock", kim);
        assert.equal(holder(), lee.who);
        assert.equal(ask("renew", lee).held, true);
        ask("unlock", lee);
        assert.ok(!existsSync(join(folder(), KEY)));
    });
});
