import { strict as assert } from "node:assert";

import { nothingDeclared } from "../../review/declared";
import { judge } from "../../review/judge";
import { renderComment } from "../../review/markdown/comment";
import { emptyPreview, type Step } from "../../review/steps";
import { withValue } from "../support/topology";
import { declared, goodPreview, named, reviewOf, stepsBetween, twoBackends } from "./support";

const before = declared(twoBackends());
const harmless = declared(withValue("volumeTypes/replicated/description", "x", twoBackends()));
const grave = declared(withValue("backends/fast/pool", "faster", twoBackends()));

const other = (op: string, type = "random:index:Id"): Step => ({
    op,
    urn: `urn:pulumi:s::p::${type}::x`,
    type,
    name: "x",
    parent: "",
    diffs: [],
});

describe("a review's verdict", () => {
    it("is unchanged, clear, look or refused by what the change is", () => {
        assert.equal(reviewOf(before, before).verdict, "unchanged");
        assert.equal(reviewOf(before, harmless).verdict, "clear");
        const looked = declared(withValue("hosts/cinder-c/address", "192.0.2.7", twoBackends()));
        assert.equal(reviewOf(before, looked).verdict, "look");
        assert.equal(reviewOf(before, grave).verdict, "refused");
    });

    it("takes a critical risk that is accepted by its own name only", () => {
        assert.equal(reviewOf(before, grave, {}, ["pool-changed"]).verdict, "look");
        assert.equal(reviewOf(before, grave, {}, ["section-renamed"]).verdict, "refused");
        const [risk] = reviewOf(before, grave, {}, ["pool-changed"]).risks;
        assert.equal(risk?.accepted, true);
    });

    it("is refused by a mandatory policy, accepted risks or not", () => {
        const policies = ["mandatory", "advisory"].map((level) => ({
            policy: "p",
            pack: "cinder-dr",
            level,
            severity: "high",
            resource: "r",
            message: "m",
        }));
        const more = { policies, failed: true };
        assert.equal(reviewOf(before, harmless, more, ["pool-changed"]).verdict, "refused");
        assert.equal(reviewOf(before, harmless, { policies: policies.slice(1) }).verdict, "clear");
    });

    it("fails closed: an error, no end, a corrupt state, no policies, an unknown operation, no reason", () => {
        const cases = {
            error: { errors: ["it broke"] },
            "no end": { complete: false },
            corrupt: { corrupt: true },
            "no policies": { packs: [] },
            "no reason": { failed: true },
            "unknown operation": {
                steps: [...stepsBetween(before, harmless), other("transmogrify")],
            },
        };
        for (const [what, more] of Object.entries(cases)) {
            const review = reviewOf(before, harmless, more);
            assert.equal(review.verdict, "failed", what);
            assert.match(
                renderComment(review),
                /^⛔ \*\*Do not merge: this change could not be judged/m,
            );
            assert.ok(review.failures.length > 0);
        }
    });

    it("says nothing of what a failed preview has not seen", () => {
        const steps = stepsBetween(before, harmless).slice(0, 1);
        const review = reviewOf(before, harmless, { steps, errors: ["it broke"] });
        assert.deepEqual(review.risks, []);
        const text = renderComment(review);
        assert.match(text, /What loses protection\? \| unknown: the preview failed/);
        assert.doesNotMatch(text, /None was found/);
    });

    it("compares the two topologies when the preview failed and a base is named", () => {
        const preview = { ...emptyPreview("p"), errors: ["it broke"], failed: true };
        const base = { ref: "main", declared: before };
        const review = judge({ stack: "p/s", preview, packs: 1, accept: [], base, now: grave });
        assert.equal(review.verdict, "failed");
        assert.ok(named(review.risks).includes("critical pool-changed fast"));
        assert.match(renderComment(review), /compares the two topologies alone/);
    });
});

describe("a review with a base", () => {
    const judged = (state: typeof before, base: typeof before, head: typeof before) =>
        judge({
            stack: "p/s",
            preview: goodPreview(stepsBetween(state, head)),
            packs: 1,
            accept: [],
            base: { ref: "main", declared: base },
        });

    it("tells this change from an earlier one that is not applied yet", () => {
        const head = declared(
            withValue(
                "hosts/cinder-c/address",
                "192.0.2.7",
                withValue("backends/fast/pool", "faster", twoBackends()),
            ),
        );
        const review = judged(before, grave, head);
        const earlier = Object.fromEntries(review.risks.map((r) => [r.name, r.isEarlier]));
        assert.equal(earlier["pool-changed"], true);
        assert.equal(earlier["host-address-changed"], false);
        assert.deepEqual(review.base?.earlierRestarts, ["cinder-a", "cinder-b"]);
        assert.match(renderComment(review), /critical, earlier/);
    });

    it("says what is in the stack already", () => {
        const review = judged(grave, before, grave);
        assert.equal(review.verdict, "unchanged");
        assert.equal(review.base?.alreadyApplied, 1);
    });
});

describe("other resources", () => {
    it("are named as unknown, once each, and a provider that changes as a risk", () => {
        const steps = [
            other("create-replacement"),
            other("replace"),
            other("delete-replaced"),
            other("update", "pulumi:providers:openstack"),
            other("create", "pulumi:providers:command"),
            other("same"),
        ];
        const review = reviewOf(before, before, {
            steps: [...stepsBetween(before, before), ...steps],
        });
        assert.deepEqual(named(review.risks), ["high provider-changed x", "high unknown-effect x"]);
    });

    it("do not hide that everything is gone", () => {
        const review = reviewOf(before, nothingDeclared());
        assert.equal(review.verdict, "refused");
        assert.ok(named(review.risks).includes("critical everything-removed"));
        assert.deepEqual(review.rollout.removals, ["cinder-c", "cinder-b", "cinder-a"]);
    });
});
