import assert from "node:assert/strict";
import { mock } from "node:test";

import { Output } from "../../cli/output";
import { formatFinding, Progress } from "../../cli/print";

const EVIL = "db\u001b[1A\u001b[2K\r\nok      backend ceph: all is well";
// eslint-disable-next-line no-control-regex -- what must not reach a terminal
const ACTS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

describe("a finding on a terminal", () => {
    afterEach(() => {
        mock.restoreAll();
    });
    const texts = { subject: EVIL, fact: `of ${EVIL}`, next: `look at ${EVIL}` };
    const isOne = (text: string) => {
        const [first = "", ...more] = text.split("\n");
        assert.match(first, /^PROBLEM db/);
        assert.ok(
            more.every((line) => line.startsWith("        ")),
            text,
        );
        assert.doesNotMatch(text, ACTS);
    };

    it("is one, whatever its words hold", () => {
        isOne(formatFinding({ state: "problem", ...texts }));
    });
    it("keeps lines of its own readable", () => {
        assert.equal(
            formatFinding({ state: "ok", subject: "a", fact: "one\ntwo", next: "x\ny" }),
            "ok      a: one\n        two\n        next: x\n        y",
        );
    });
    it("is one where a verb tells it, and no other line acts either", () => {
        const printed: string[] = [];
        mock.method(console, "log", (line: string) => printed.push(line));
        const out = new Output(false, (text) => text);
        out.found({ state: "problem", ...texts });
        out.say("plan    db\u001b[2K\r\n  more");
        isOne(printed[0] ?? "");
        assert.equal(printed[1], "plan    db\\u001b[2K\\u000d\n  more");
    });
    it("does not share its line with what is waited for", () => {
        const written: string[] = [];
        const progress = new Progress({
            isTTY: true,
            write: (text: string) => written.push(text) > 0,
        } as unknown as NodeJS.WriteStream);
        progress.show(EVIL);
        progress.clear();
        assert.equal(
            written[0],
            "\r\u001b[K… db\\u001b[1A\\u001b[2K\\u000d\\u000aok      backend ceph: all is well (0 s)",
        );
    });
});
