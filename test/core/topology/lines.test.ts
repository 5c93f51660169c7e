import assert from "node:assert/strict";

import { checkTopology } from "../../../core/topology";
import schema from "../../../core/topology.schema.json";
import { goodTopology } from "../../support/topology";

interface Node {
    type?: string;
    enum?: unknown[];
    const?: unknown;
    properties?: Record<string, Node>;
    additionalProperties?: Node | boolean;
    patternProperties?: Record<string, Node>;
    items?: Node;
    anyOf?: Node[];
    oneOf?: Node[];
}

/** Names that the good topology has, where a map's key is asked for. */
const NAMES: Record<string, string> = {
    backends: "ceph",
    hosts: "cinder-a",
    volumeTypes: "replicated",
};

/** Paths of every text that the schema knows. */
function textsOf(node: Node, path: (string | number)[] = []): (string | number)[][] {
    const inner = (next: Node, key: string | number) => textsOf(next, [...path, key]);
    const name = NAMES[String(path.at(-1))] ?? "x";
    const { additionalProperties: rest } = node;
    return [
        ...(node.type === "string" && node.enum === undefined && node.const === undefined
            ? [path]
            : []),
        ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap((each) => textsOf(each, path)),
        ...Object.entries(node.properties ?? {}).flatMap(([key, each]) => inner(each, key)),
        ...(typeof rest === "object" ? inner(rest, name) : []),
        ...Object.values(node.patternProperties ?? {}).flatMap((each) => inner(each, name)),
        ...(node.items === undefined ? [] : inner(node.items, 0)),
    ];
}

type Tree = Record<string | number, unknown>;

/** A right topology with this text at a path; what is missing on the way is made. */
function withText(path: readonly (string | number)[], text: string): unknown {
    const root = structuredClone(goodTopology()) as unknown as Tree;
    let at = root;
    path.slice(0, -1).forEach((key, i) => {
        const made = typeof path[i + 1] === "number" ? [] : {};
        at = (at[key] ??= made) as Tree;
    });
    at[path.at(-1) ?? ""] = text;
    return root;
}

const NASTY = ["\n", "\r", "\0", "\u0085", "\u2028", "\u2029", "\ufeff", "\ud800"];

/** A line break in any of them would write a further line into cinder.conf or ceph.conf, or end a word of a command. */
describe("every text of a topology", () => {
    const paths = new Map(
        textsOf(schema.$defs.topology as unknown as Node).map((path) => [path.join("."), path]),
    );

    it("is known from the schema", () => {
        assert.ok(paths.size > 100, String(paths.size));
        assert.ok(paths.has("hosts.cinder-a.service.commands.restart.0"));
    });

    for (const [name, path] of paths)
        it(`is one line: ${name}`, () => {
            for (const character of NASTY) {
                const problems = checkTopology(withText(path, `a${character}b`));
                const at = problems.filter(({ propertyPath }) => propertyPath === name);
                assert.notDeepEqual(
                    at,
                    [],
                    `${JSON.stringify(character)}: ${JSON.stringify(problems)}`,
                );
                for (const { reason } of problems)
                    assert.doesNotMatch(reason, /[\p{Cc}\u2028\u2029\ufeff]/u);
            }
        });
});
