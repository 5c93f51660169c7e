import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labEnvironment, readLocks, sortLocks } from "../../toolchain/labstack.mjs";

describe("the lab's stack", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "labstack-"));
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    it("reads the locks of a file backend, as Pulumi writes them", () => {
        const locks = join(folder, ".pulumi", "locks", "organization", "p", "lab");
        assert.deepEqual(readLocks(`file://${folder}`, "p", "lab"), []);
        mkdirSync(locks, { recursive: true });
        const lock = {
            pid: 7,
            username: "root",
            hostname: "vm",
            timestamp: "2026-11-22T16:22:45.6Z",
        };
        writeFileSync(join(locks, "id.json"), JSON.stringify(lock));
        writeFileSync(join(locks, "id.json.attrs"), "{}");
        assert.deepEqual(readLocks(`file://${folder}`, "p", "lab"), [lock]);
        assert.deepEqual(readLocks(`file://${folder}?metadata=skip`, "p", "lab"), [lock]);
    });

    it("tells the lock of a killed pulumi from that of a running one", () => {
        const [running, killed, elsewhere] = [
            { pid: 1, hostname: "vm" },
            { pid: 2, hostname: "vm" },
            { pid: 2, hostname: "other" },
        ];
        const alive = (pid: number): boolean => pid === 1;
        const { stale, held } = sortLocks([running, killed, elsewhere], { host: "vm", alive });
        assert.deepEqual(stale, [killed]);
        assert.deepEqual(held, [running, elsewhere]);
    });

    it("takes no other process with the same number for a running pulumi", () => {
        const { stale } = sortLocks([{ pid: process.pid, hostname: "vm" }], { host: "vm" });
        assert.equal(stale.length, 1);
    });

    it("reads the lab's environment as a shell does", () => {
        const file = join(folder, "env.sh");
        writeFileSync(file, '# why\nexport OS_CLOUD=lab\nexport A="b c=d"\n');
        const env = labEnvironment(file, { PATH: process.env["PATH"] });
        assert.equal(env["OS_CLOUD"], "lab");
        assert.equal(env["A"], "b c=d");
    });
});
