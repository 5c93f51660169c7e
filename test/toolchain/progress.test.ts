import assert from "node:assert/strict";
import { createProgress, lineSplitter, run } from "../../toolchain/progress.mjs";

describe("progress", () => {
    it("writes the elapsed time and the label", () => {
        let now = 1_000;
        const lines: string[] = [];
        const progress = createProgress("toolchain", {
            write: (s: string) => lines.push(s) > 0,
            now: () => now,
        });
        now += 70_240;
        progress.line("building pulumi");
        assert.deepEqual(lines, ["[  70.2s] toolchain: building pulumi\n"]);
    });

    it("splits chunks into whole lines", () => {
        const lines: string[] = [];
        const take = lineSplitter((line: string) => lines.push(line));
        take("a\nb");
        take("c\n");
        assert.deepEqual(lines, ["a", "bc"]);
    });

    it("tells of a long command, and resolves to its output", async () => {
        const lines: string[] = [];
        const progress = createProgress("x", { write: (s: string) => lines.push(s) > 0 });
        const out = await run("sh", ["-c", "echo got; sleep 0.3"], {
            progress,
            status: () => "still at it",
            everySeconds: 0.1,
        });
        assert.equal(out, "got\n");
        assert.ok(lines.some((line) => line.includes("x: still at it")));
    });

    it("fails with the exit code and the last lines", async () => {
        await assert.rejects(
            run("sh", ["-c", "echo why >&2; exit 3"]),
            /sh -c exited with 3\nwhy$/,
        );
        await assert.rejects(run("/nonexistent", []), /could not be started/);
    });
});
