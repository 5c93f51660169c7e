import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Command } from "commander";

import { resumeCommand } from "../../cli/resumeCommand";
import { Journal } from "../../operations/journal";

describe("resume", () => {
    const before = process.env.CINDER_DR_JOURNALS;
    let folder = "";
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "cinder-dr-resume-"));
        process.env.CINDER_DR_JOURNALS = folder;
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
        if (before === undefined) delete process.env.CINDER_DR_JOURNALS;
        else process.env.CINDER_DR_JOURNALS = before;
    });

    /** An operation that was done in part, or killed when it has no end. */
    function make(id: string, verb: string, flags: Record<string, unknown> = {}): void {
        const begun = { backend: "ceph", who: "ops@bastion", version: "0", flags };
        const journal = Journal.create({ ...begun, id, verb });
        journal.end({ outcome: "partial", fact: "", left: [] });
        journal.close();
    }

    /** What `resume` with these words says; of a move, that its topology's file is missing. */
    async function said(...words: string[]): Promise<string> {
        const root = new Command().exitOverride();
        resumeCommand(root, () => undefined);
        const line = ["node", "x", "resume", ...words, "--topology", join(folder, "none.yaml")];
        return root.parseAsync(line).then(
            () => "",
            (error: unknown) => (error as Error).message,
        );
    }

    it("goes on with the only move, whatever waits for its end", async () => {
        make("1-servers-stop-ceph", "servers --stop");
        make("2-failover-ceph", "failover --planned");
        make("3-drill-ceph", "drill");
        assert.match(await said(), /none\.yaml/);
        make("4-failback-ceph", "failback");
        assert.equal(
            await said(),
            "several operations were cut short: name one of 2-failover-ceph, 4-failback-ceph",
        );
    });

    it("names the command that goes on with what is no move", async () => {
        const ways = {
            "servers --stop": "`cinder-dr servers --backend ceph --start` starts its servers again",
            "servers --reattach": "`cinder-dr servers --backend ceph --reattach` goes on with it",
            drill: "`cinder-dr drill --backend ceph` removes what it left, and drills anew",
        };
        const all = Object.entries(ways).map(([verb, way], at) => {
            const id = `${String(at)}-ceph`;
            make(id, verb);
            return `operation ${id} is a \`${verb}\`, which resume does not go on with: ${way}`;
        });
        for (const [at, sentence] of all.entries())
            assert.equal(await said(`${String(at)}-ceph`), sentence);
        assert.equal(await said(), ["there is no operation to go on with", ...all].join("; "));
    });
});
