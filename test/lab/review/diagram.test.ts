import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { nothingDeclared } from "../../../review/declared";
import { diagramLines } from "../../../review/markdown/diagram";
import { hostile, HOSTILE } from "../../review/markdown/hostile";
import { reviewOf } from "../../review/support";
import { GOLDEN } from "./golden";

interface Drawn {
    error?: string;
    nodes: { id: string; lines: string[]; classes: string[] }[];
    edges: { start: string; end: string; label: string }[];
    subgraphs: { id: string; title: string }[];
}

/** What Mermaid's own parser makes of diagrams. */
function drawn(diagrams: readonly string[]): Drawn[] {
    const script = join(__dirname, "mermaid/parse.mjs");
    const input = JSON.stringify(diagrams);
    const options = { input, encoding: "utf8", timeout: 120_000 } as const;
    return JSON.parse(execFileSync(process.execPath, [script], options)) as Drawn[];
}

const MERMAID = /^```mermaid\n([^]*?)^```$/m;

describe("the diagram, by Mermaid's own parser", () => {
    it("of every comment shows sites, pools, backends, hosts and types, and marks what changes", () => {
        const diagrams = readdirSync(GOLDEN).flatMap((file) => {
            const [, text] = MERMAID.exec(readFileSync(join(GOLDEN, file), "utf8")) ?? [];
            return text === undefined ? [] : [{ file, text }];
        });
        assert.ok(diagrams.length > 10, String(diagrams.length));
        const all = drawn(diagrams.map(({ text }) => text));
        for (const [i, { error, nodes, subgraphs, edges }] of all.entries()) {
            const { file = "" } = diagrams[i] ?? {};
            assert.equal(error, undefined, file);
            assert.deepEqual(
                subgraphs.map(({ id, title }) => [id, title.split(" ")[0]]).sort(),
                [
                    ["primary", "primary"],
                    ["secondary", "secondary"],
                ],
                file,
            );
            const first = nodes.map(({ lines: [text = ""] }) => text);
            for (const expected of ["pool volumes", "backend ceph", "host cinder-a"])
                assert.ok(first.includes(expected), `${file}: ${expected}`);
            const ids = nodes.map(({ id }) => id);
            for (const { start, end } of edges)
                assert.ok(ids.includes(start) && ids.includes(end), `${file}: ${start} ${end}`);
        }
        const marked = all[diagrams.findIndex(({ file }) => file === "rename-section.md")];
        assert.deepEqual(
            marked?.nodes.flatMap(({ lines, classes }) =>
                classes.map((name) => `${lines[0] ?? ""}: ${name}`),
            ),
            [
                "backend quick: added",
                "backend fast: removed",
                "host cinder-a: restarts",
                "host cinder-b: restarts",
            ],
        );
    });

    it("of hostile names has these names as text, and nothing that they would add", () => {
        const all = drawn(
            HOSTILE.map((text) =>
                diagramLines(reviewOf(hostile(text, true), hostile(text, false))).join("\n"),
            ),
        );
        for (const [i, { error, nodes, edges }] of all.entries()) {
            const text = HOSTILE[i] ?? "";
            assert.equal(error, undefined, text);
            // Two pools, one backend, one host, one type, each with its own edges.
            assert.deepEqual(
                nodes.map(({ id }) => id),
                ["pb0", "sb0", "b0", "h0", "t0"],
                text,
            );
            // An option of cinder.conf ends at its line: there the type's backend has another name.
            assert.equal(edges.length, text.includes("\n") ? 3 : 4, text);
            assert.equal(nodes[2]?.lines[0], `backend ${text}`);
        }
    });

    it("is refused when it is broken", () => {
        const [broken, empty] = drawn(['flowchart LR\n  a["x']).concat(
            drawn([diagramLines(reviewOf(nothingDeclared(), nothingDeclared())).join("\n")]),
        );
        assert.match(broken?.error ?? "", /^Parse error on line/);
        assert.match(empty?.error ?? "", /No diagram type detected/);
    });
});
