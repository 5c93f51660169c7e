import { strict as assert } from "node:assert";
import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { askPool, fakeCeph } from "./askPool";

const KEY = "cinder-dr.lock";

/**
 * A pool whose objects are files, as far as a lock needs it. What lies in `meanwhile` is written behind the next read, as by
 * another one.
 */
const FAKE_RADOS = `import os
LIBRADOS_CREATE_EXCLUSIVE = 1
class Error(Exception): errno = None
class ObjectNotFound(Error): errno = 2
class ObjectExists(Error): errno = 17
class Mismatch(Error): errno = 4095
class Busy(Error): errno = 16
class WriteOpCtx:
    def __enter__(self):
        self.exclusive, self.before, self.content = False, None, None
        return self
    def __exit__(self, *_): pass
    def new(self, flag): self.exclusive = True
    def cmpext(self, before): self.before = before
    def write_full(self, content): self.content = content
    def remove(self): self.content = None
class Pool:
    def at(self, key): return os.path.join(os.path.dirname(__file__), key)
    def operate_write_op(self, op, key, mtime):
        assert mtime > 1000000000, mtime
        if op.exclusive and os.path.exists(self.at(key)): raise ObjectExists()
        if op.before is not None:
            if os.path.exists(self.at("busy")): raise Busy()
            with open(self.at(key), "rb") as file:
                if file.read(len(op.before)) != op.before: raise Mismatch()
        if op.content is None:
            os.remove(self.at(key))
            return
        with open(self.at(key), "wb") as file: file.write(op.content)
    def read(self, key, length):
        if not os.path.exists(self.at(key)): raise ObjectNotFound()
        with open(self.at(key), "rb") as file: found = file.read(length)
        if os.path.exists(self.at("meanwhile")): os.rename(self.at("meanwhile"), self.at(key))
        return found
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def open_ioctx(self, name): return Pool()
`;

interface Owner {
    id: string;
    word?: string;
    renewed?: string;
    worker?: object;
}

describe("the lock of host/pool.py with Octopus's rados", () => {
    const old = FAKE_RADOS.replace(/ {4}def cmpext.*\n/, "");
    const folder = fakeCeph(old, "def __getattr__(name): return name\n");

    it("is taken, renewed, kept from others and given back, though it cannot compare and write at once", () => {
        assert.ok(!old.includes("cmpext"));
        const ask = (verb: string, word: string) =>
            askPool(folder(), { do: verb, key: KEY, content: { id: "x", word, renewed: "1" } });
        assert.deepEqual(ask("lock", "kim"), { held: true });
        assert.deepEqual(ask("renew", "kim"), { held: true });
        assert.deepEqual((ask("lock", "lee") as { held: boolean }).held, false);
        ask("unlock", "kim");
        assert.deepEqual(ask("lock", "lee"), { held: true });
    });
});

describe("the lock of host/pool.py", () => {
    const folder = fakeCeph(FAKE_RADOS, "def __getattr__(name): return name\n");

    interface Answer {
        held?: boolean;
        by?: Owner;
        error?: string;
    }
    const ask = (verb: string, content: Owner, more: object = {}) =>
        askPool(folder(), { do: verb, key: KEY, content, ...more }) as Answer;
    const at = (file: string) => join(folder(), file);
    const there = () => JSON.parse(readFileSync(at(KEY), "utf8")) as Owner;
    /** Another client's write, between the next read of the lock and what is written upon it. */
    const meanwhile = (content: Owner) => {
        writeFileSync(at("meanwhile"), JSON.stringify(content));
    };

    /** Two processes that drive one operation. */
    const [kim, lee] = ["kim", "lee"].map((word) => ({ id: "x", word, renewed: "1" })) as [
        Required<Owner>,
        Required<Owner>,
    ];
    const later = { ...kim, renewed: "2" };

    it("is the process's own that has it", () => {
        assert.deepEqual(ask("lock", kim), { held: true });
        assert.deepEqual(ask("lock", later), { held: true });
        assert.deepEqual(there(), later);
    });

    it("is not shared by two processes that drive one operation, whatever the object's time is", () => {
        ask("lock", kim);
        for (const time of [0, Date.now() / 1000 - 7000, Date.now() / 1000 + 7000]) {
            utimesSync(at(KEY), time, time);
            assert.deepEqual(ask("lock", lee), { held: false, by: kim });
        }
        assert.equal(ask("lock", lee, { break: "another" }).held, false);
        assert.deepEqual(there(), kim);
    });

    it("goes to another process by the word, or where it is still as it was seen", () => {
        ask("lock", kim);
        assert.equal(ask("lock", lee, { break: "x" }).held, true);
        const seen = { word: lee.word, renewed: lee.renewed };
        ask("renew", { ...lee, renewed: "2" });
        assert.equal(ask("lock", kim, { instead: seen }).held, false);
        assert.equal(ask("lock", kim, { instead: { ...seen, renewed: "2" } }).held, true);
        assert.deepEqual(there(), kim);
        // The same time of another process.
        assert.equal(ask("lock", lee, { instead: seen }).held, false);
    });

    it("goes at once to who takes the place of its process in its operation, and knows that one to be gone", () => {
        const worker = { pid: 7, start: "1", place: { host: "bastion", boot: "b1" } };
        ask("lock", { ...kim, worker });
        const others = [{ ...worker, pid: 8 }, { ...worker, start: "2" }, {}, null];
        for (const gone of others) assert.equal(ask("lock", lee, { gone }).held, false);
        assert.equal(ask("lock", { ...lee, id: "y" }, { gone: worker }).held, false);
        assert.deepEqual(ask("lock", lee, { gone: worker }), { held: true });
        // A lock of before, without one.
        assert.equal(ask("lock", kim, { gone: null }).held, false);
        assert.deepEqual(there(), lee);
    });

    it("is kept from who comes between its reading and its writing", () => {
        ask("lock", kim);
        const instead = { word: "kim", renewed: "1" };
        meanwhile(later);
        assert.deepEqual(ask("lock", lee, { instead }), { held: false, by: later });
        const third = { ...lee, word: "max" };
        meanwhile(third);
        const seen = { word: "kim", renewed: "2" };
        assert.deepEqual(ask("lock", lee, { instead: seen }), { held: false, by: third });
        meanwhile(lee);
        assert.deepEqual(ask("renew", third), { held: false, by: lee });
        meanwhile(third);
        ask("unlock", lee);
        assert.deepEqual(there(), third);
        // Its own renewal, by a timer.
        meanwhile({ ...third, renewed: "7" });
        assert.deepEqual(ask("renew", { ...third, renewed: "8" }), { held: true });
        assert.equal(there().renewed, "8");
    });

    it("says why it cannot be written, if not because another was faster", () => {
        ask("lock", kim);
        writeFileSync(at("busy"), "");
        assert.match(ask("renew", later).error ?? "", /^Busy: /);
    });

    it("is kept from another operation unless broken by the word", () => {
        ask("lock", kim);
        assert.equal(ask("lock", { ...kim, id: "y" }).held, false);
        assert.equal(ask("lock", { ...kim, id: "y" }, { break: "x" }).held, true);
    });

    it("is neither renewed nor given back by whom it was taken from, though both drive one operation", () => {
        ask("lock", kim);
        ask("lock", lee, { break: "x" });
        assert.deepEqual(ask("renew", later), { held: false, by: lee });
        ask("unlock", kim);
        assert.deepEqual(there(), lee);
        assert.equal(ask("renew", lee).held, true);
        ask("unlock", lee);
        assert.ok(!existsSync(at(KEY)));
        assert.deepEqual(ask("renew", lee), { held: false, by: null });
    });

    it("is read as a version before has written it", () => {
        const old = { id: "x", who: "kim@bastion", verb: "failback", since: "now" };
        writeFileSync(at(KEY), JSON.stringify(old));
        assert.deepEqual(ask("lock", kim), { held: false, by: old });
        assert.equal(ask("lock", kim, { instead: { word: "kim", renewed: "1" } }).held, false);
        assert.equal(ask("lock", kim, { break: "x" }).held, true);
    });
});
