import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Hop } from "../../core/topology/connection";
import { dialJumpHost } from "../../operations/jumpHost";
import { RemoteError } from "../../operations/remoteError";

/** An error of ssh2, as a dial fails with it. */
const fault = (message: string, more: { level?: string; code?: string } = {}): RemoteError =>
    new RemoteError("jump", `ssh: ${message}`, {
        cause: Object.assign(new Error(message), more),
    });
const DROPPED = fault("Connection lost before handshake", { level: "protocol" });
const RESET = fault("read ECONNRESET", { level: "client-socket", code: "ECONNRESET" });
const SILENT = fault("Timed out while waiting for handshake", { level: "client-timeout" });
const STRANGER = fault("All configured authentication methods failed", {
    level: "client-authentication",
});

describe("a jump host of many hosts", () => {
    let tests = 0;
    let hop: Hop;
    /** Dials that are under way, each with what ends it. */
    let open: { resolve: (client: string) => void; reject: (error: Error) => void }[];
    let pauses: number[];

    beforeEach(() => {
        // The queue of an address is kept: each test has a jump host of its own.
        hop = { address: `jump-${String(tests++)}`, port: 22 } as Hop;
        open = [];
        pauses = [];
        mock.method(globalThis, "setTimeout", (then: () => void, milliseconds: number) => {
            pauses.push(milliseconds);
            setImmediate(then);
        });
    });
    afterEach(() => {
        mock.restoreAll();
    });

    const dial = () =>
        new Promise<string>((resolve, reject) => {
            open.push({ resolve, reject });
        });
    const all = (count: number, to = hop): Promise<string>[] =>
        Array.from({ length: count }, () => dialJumpHost(to, dial));
    const settled = async (dials: Promise<string>[]) =>
        (await Promise.allSettled(dials)).map((d) =>
            d.status === "fulfilled" ? d.value : (d.reason as Error).message,
        );
    const aMoment = () => new Promise((resolve) => setImmediate(resolve));

    it("is dialled eight times at once, and again as each has logged in or failed", async () => {
        const dials = all(20);
        const ends = settled(dials);
        assert.equal(open.length, 8);
        open[0]?.resolve("a");
        await aMoment();
        assert.equal(open.length, 9);
        open[1]?.reject(STRANGER);
        await aMoment();
        assert.equal(open.length, 10);
        for (let at = 2; at < 20; at++) {
            open[at]?.resolve("b");
            await aMoment();
        }
        const seen = await ends;
        assert.deepEqual([seen.length, seen[0], seen[19]], [20, "a", "b"]);
        // Nobody waits any more, and every place is free again.
        const later = all(9);
        assert.equal(open.length, 28);
        for (const { resolve } of open) resolve("c");
        await aMoment();
        open.at(-1)?.resolve("c");
        await settled(later);
    });

    it("does not keep another one waiting", () => {
        void all(8);
        void all(1, { ...hop, port: 2222 });
        assert.equal(open.length, 9);
    });

    for (const [what, error] of [
        ["was dropped", DROPPED],
        ["was reset", RESET],
    ] as const)
        it(`is dialled once more, after a random moment, where the connection ${what}`, async () => {
            const dials = all(2);
            open[0]?.reject(error);
            open[1]?.reject(error);
            while (open.length < 4) await aMoment();
            assert.equal(new Set(pauses).size, 2);
            for (const pause of pauses) assert.ok(pause >= 200 && pause <= 1000, String(pause));
            open[2]?.resolve("a");
            open[3]?.reject(error);
            assert.deepEqual(await settled(dials), ["a", error.message]);
            assert.equal(open.length, 4);
        });

    it("that refuses the login is dialled once, and by the others too", async () => {
        const ends = settled(all(9));
        open[0]?.reject(STRANGER);
        await aMoment();
        for (const { resolve } of open) resolve("a");
        assert.deepEqual(await ends, [STRANGER.message, ...Array<string>(8).fill("a")]);
        assert.deepEqual(pauses, []);
    });

    it("that is dead is waited for once, not by eight after eight", async () => {
        const dials = all(40);
        for (const { reject } of [...open]) reject(SILENT);
        assert.deepEqual(await settled(dials), Array(40).fill(SILENT.message));
        assert.equal(open.length, 8);
        // It may be back.
        const [again] = all(1);
        open[8]?.resolve("a");
        assert.equal(await again, "a");
    });
});
