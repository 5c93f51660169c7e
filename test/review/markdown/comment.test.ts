import { strict as assert } from "node:assert";

import type { TopologyInput } from "../../../core/topology";
import { nothingDeclared } from "../../../review/declared";
import type { Review } from "../../../review/judge";
import { COMMENT_BYTES, renderComment } from "../../../review/markdown/comment";
import { marker } from "../../../review/markdown/head";
import { code, fence, prose } from "../../../review/markdown/text";
import { HOST_KEY, withValue } from "../../support/topology";
import { declared, reviewOf, twoBackends } from "../support";
import { hostile, HOSTILE } from "./hostile";
import { assertValid } from "./markdown";

const policy = (message: string) => ({
    policy: message,
    pack: "cinder-dr",
    level: "mandatory",
    severity: "high",
    resource: message,
    message,
});

describe("a comment", () => {
    it("counts what the engine counts, a replacement once, and what stays last", () => {
        const after = withValue("backends/fast/pool", "faster", twoBackends());
        const counted = { delete: 1, replace: 1, same: 4, update: 5 };
        const text = renderComment(
            reviewOf(declared(twoBackends()), declared(after), { counted, told: counted }),
        );
        assert.match(
            text,
            /<summary>Everything that pulumi up would do: 5 update, 1 replace, 1 delete, 4 same<\/summary>/,
        );
    });

    it("answers what restarts, what loses protection and whether to merge", () => {
        const after = withValue("backends/fast/pool", "faster", twoBackends());
        const text = renderComment(reviewOf(declared(twoBackends()), declared(after)));
        assert.match(text, /^⛔ \*\*Do not merge as it is:\*\* 1 risk to protection/m);
        assert.match(
            text,
            /What restarts\? \| cinder-volume on \*\*2 hosts\*\*: `cinder-a`, then `cinder-b` \|/,
        );
        assert.match(text, /What loses protection\? \| \*\*loses it:\*\* `backend fast`/);
        assert.match(text, /-rbd_pool = fast\n\+rbd_pool = faster/);
        assertValid(text);
    });

    for (const text of HOSTILE)
        it(`shows ${JSON.stringify(text)} as text and nothing else`, () => {
            const review = reviewOf(hostile(text, true), hostile(text, false), {
                policies: [policy(text)],
            });
            const comment = renderComment({
                ...review,
                base: { ref: text, earlierRestarts: [text], alreadyApplied: 1 },
            });
            assertValid(comment);
            assertValid(
                renderComment(
                    reviewOf(hostile(text, true), nothingDeclared(), {
                        errors: [text, `x\n  ${text}`],
                    }),
                ),
            );
            assert.equal(comment.split("\n").filter((line) => line.startsWith("<!--")).length, 1);
        });

    it("keeps a code span and a fence closed", () => {
        assert.equal(code("cinder-a"), "`cinder-a`");
        assert.equal(code("a`b"), "<code>a&#96;b</code>");
        assert.equal(code("a|b"), "<code>a&#124;b</code>");
        assert.equal(code(""), "<code></code>");
        assert.deepEqual(fence("diff", ["````"]), ["`````diff", "````", "`````"]);
        assert.equal(
            prose("rados_connect_timeout of HOST@ceph"),
            "rados_connect_timeout of HOST@&#8203;ceph",
        );
    });
});

/** So many hosts, none like the other in what the table shows of it. */
function many(n: number, change: (i: number) => object): TopologyInput {
    const hosts = Object.fromEntries(
        Array.from({ length: n }, (_, i) => [
            `cinder-${String(i).padStart(3, "0")}`,
            { hostKey: HOST_KEY, address: `192.0.2.${String(i)}`, ...change(i) },
        ]),
    );
    return { ...twoBackends(), hosts, rollout: { canary: 1, batch: 4 } };
}

const size = (review: Review): number => Buffer.byteLength(renderComment(review));

describe("a comment on many hosts", () => {
    const before = declared(many(200, () => ({})));

    it("groups 200 hosts with one change", () => {
        const after = declared(
            withValue(
                "backends/ceph/user",
                "other",
                many(200, () => ({})),
            ),
        );
        const review = reviewOf(before, after);
        const text = renderComment(review);
        assert.ok(Buffer.byteLength(text) < COMMENT_BYTES);
        assert.match(text, /cinder-volume on \*\*200 hosts\*\*: `cinder-000`, then /);
        assert.match(text, /on cinder-000, cinder-001, .* and 194 more/);
        assert.match(text, /200 hosts<br>cinder-000 to cinder-199/);
        assertValid(text);
    });

    it("stays under the limit when every host is another case, and loses nothing of the summary", () => {
        const after = declared(
            many(200, (i) => ({
                consent: { unreachableTarget: `reason ${String(i)} ${"x".repeat(200)}` },
                configFile: `/etc/cinder/${String(i)}.conf`,
                address: `198.51.100.${String(i)}`,
            })),
        );
        const review = reviewOf(before, after);
        assert.ok(size(review) <= COMMENT_BYTES, String(size(review)));
        const text = renderComment(review);
        assertValid(text);
        assert.match(text, /further rows of the last level shown or below/);
        assert.match(text, /more rows left out here/);
        assert.match(text, /<sub>Made by/);
    });

    it("stays under the limit with names of the longest kind", () => {
        const text = "`|@<".repeat(200);
        const review = reviewOf(hostile(text, true), hostile(text, false), {
            policies: Array.from({ length: 500 }, (_, i) => policy(`${String(i)}${text}`)),
            errors: Array.from({ length: 500 }, () => text),
        });
        assert.ok(size(review) <= COMMENT_BYTES, String(size(review)));
        assertValid(renderComment(review));
    });
});

describe("the marker of a comment", () => {
    it("is one line for any stack, and another for another", () => {
        assert.equal(marker("p/a"), "<!-- cinder-dr review cC9h -->");
        assert.notEqual(marker("p/a"), marker("p/b"));
        assert.doesNotMatch(marker("--> @x"), /@|--> /);
    });
});
