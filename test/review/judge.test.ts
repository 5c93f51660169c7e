import { strict as assert } from "node:assert";

import { stringify } from "yaml";

import { parseTopology, type TopologyInput } from "../../core/topology";
import { accessOf } from "../../review/access";
import { declaredBy } from "../../review/declaredBy";
import { nothingBeside, nothingDeclared, type Declared } from "../../review/declared";
import { judge } from "../../review/judge";
import { asJson } from "../../review/json";
import { renderComment } from "../../review/markdown/comment";
import { pushedIn } from "../../review/rollout";
import { emptyPreview, type Step } from "../../review/steps";
import { readStackFile } from "../../review/stackFile";
import { goodTopology, HOST_KEY, withValue } from "../support/topology";
import { declared, goodPreview, named, reviewOf, stepsBetween, twoBackends } from "./support";

const before = declared(twoBackends());
const harmless = declared(withValue("volumeTypes/replicated/description", "x", twoBackends()));
const grave = declared(withValue("backends/fast/pool", "faster", twoBackends()));

const PROXY = { address: "192.0.2.99", hostKey: HOST_KEY };

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
            "a step that was not told": {
                counted: { same: 2, update: 3 },
                told: { same: 2, update: 2 },
            },
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

    it("answers nothing by two topologies that are the same", () => {
        const preview = { ...emptyPreview("p"), errors: ["it is protected"], failed: true };
        const base = { ref: "main", declared: before };
        const given = { stack: "p/s", preview, packs: 1, accept: [], base };
        const text = renderComment(judge({ ...given, now: before }));
        assert.match(text, /What restarts\? \| unknown: the preview failed, and the topology is/);
        assert.match(text, /What loses protection\? \| unknown/);
        assert.match(text, /Can it be undone\? \| unknown/);
        assert.match(text, /What was waiting at `main`\? \| unknown: the preview failed/);
        assert.match(text, /None was found between the two topologies; what else/);
    });

    it("says in its first lines that a change edits the policies", () => {
        const preview = goodPreview(stepsBetween(before, harmless));
        const given = { stack: "p/s", preview, packs: 1, accept: [] };
        const text = renderComment(judge({ ...given, packFiles: ["policies/rules/a.ts"] }));
        assert.match(
            text,
            /May be merged after a look.* no policy forbids it as this change edits/,
        );
        assert.match(text, /What do the policies say\? .*this change edits the policies/);
    });
});

describe("a review with a base", () => {
    const judged = (
        state: Declared,
        base: Declared,
        head: Declared,
        more: Partial<Parameters<typeof judge>[0]> = {},
    ) =>
        judge({
            stack: "p/s",
            preview: goodPreview(stepsBetween(state, head)),
            packs: 1,
            accept: [],
            base: { ref: "main", declared: base },
            ...more,
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

    it("sees what the stack's file says and no resource shows", () => {
        const file = (text: string) => {
            const { topology, beside } = readStackFile(text, "Pulumi.s.yaml", []);
            return { ...declaredBy(topology), beside };
        };
        const stack = (topology: object, more: object = {}) =>
            file(stringify({ config: { "cinder-dr:topology": topology, ...more } }));
        const exemption = {
            rule: "hosts-have-time",
            resource: "fast",
            reason: "CHG-4",
            expires: "2027-01-31",
        };
        const moved = stack(withValue("sites/secondary/adminHost/address", "192.0.2.99"), {
            "cinder-dr:exemptions": [exemption],
            "openstack:region": "two",
            "other:key": { secure: "v1:x:y" },
        });
        const known = stack(goodTopology());
        const review = judged(known, known, known, { now: moved });
        assert.equal(review.verdict, "look");
        assert.deepEqual(named(review.risks), [
            "high site-access-changed secondary",
            "high exemption-added",
            "high provider-changed openstack:region",
            "medium config-changed other:key",
        ]);
        assert.ok(review.risks.every(({ isEarlier }) => !isEarlier));
        const text = renderComment(review);
        assert.match(text, /exemption-added/);
        assert.match(text, /\| how it is reached \| {2}\| `secondary adminHost\.address` \|/);
        assert.doesNotMatch(text, /v1:x/);
    });

    it("names a secret that becomes another one, and how secrets are encrypted, without a value", () => {
        const file = (more: object, outside: object = {}): Declared => {
            const config = { "cinder-dr:topology": goodTopology(), ...more };
            const text = stringify({ config, ...outside });
            const { topology, beside } = readStackFile(text, "Pulumi.s.yaml", []);
            return { ...declaredBy(topology), beside };
        };
        const before = file(
            {
                "openstack:password": { secure: "v1:planted-1" },
                "other:key": { secure: "v1:planted-2" },
                "other:apiToken": "planted-3",
                "other:same": { secure: "v1:planted-4" },
            },
            { encryptionsalt: "v1:planted-5" },
        );
        const now = file(
            {
                "openstack:password": { secure: "v1:planted-6" },
                "other:key": { secure: "v1:planted-7" },
                "other:apiToken": "planted-8",
                "other:same": { secure: "v1:planted-4" },
            },
            { encryptionsalt: "v1:planted-9", environment: ["shared"] },
        );
        const review = judged(before, before, before, { now });
        assert.deepEqual(named(review.risks), [
            "high provider-changed openstack:password",
            "medium config-changed environment",
            "medium config-changed other:key",
            "medium config-changed other:apiToken",
            "medium config-changed encryptionsalt",
        ]);
        assert.equal(
            review.risks[2]?.fact,
            "its secret becomes another one, or the same is encrypted anew; neither is shown: no rule here knows what the program does with it",
        );
        const said = renderComment(review) + JSON.stringify(asJson(review));
        assert.doesNotMatch(said, /planted/);
        for (const digest of Object.values(now.beside.digests)) assert.ok(!said.includes(digest));
        assert.match(said, /`other:key` \| `\[secret\]` → `\[secret\], another one` \|/);
    });

    it("says how hosts, daemons and compute hosts are reached otherwise", () => {
        const reached = (topology: TopologyInput): Declared => ({
            ...declared(topology),
            beside: { ...nothingBeside(), access: accessOf(parseTopology(topology)) },
        });
        const from = withValue("hosts/cinder-c/proxy", PROXY, twoBackends());
        const other = HOST_KEY.replace("HBwcH", "IBwcH");
        const to = withValue(
            "hosts/cinder-c",
            { ...from.hosts["cinder-c"], identityFile: "/k", proxy: { ...PROXY, hostKey: other } },
            from,
        );
        const [before, now] = [reached(from), reached(to)];
        const review = judged(before, before, now, { now });
        assert.deepEqual(named(review.risks), ["high host-access-changed cinder-c"]);
        assert.equal(
            review.risks[0]?.fact,
            "the push reaches it in another way: proxy.hostKey changes, identityFile goes from nothing to '/k'",
        );
        const anew = judged(declared(twoBackends()), reached(twoBackends()), before, {
            now: before,
        });
        assert.deepEqual(named(anew.risks), ["medium jump-host-changed cinder-c"]);
    });

    it("says that the policies which judge the change are changed by it", () => {
        const packFiles = [1, 2, 3, 4, 5, 6].map((n) => `policies/rules/${String(n)}.ts`);
        const review = judged(before, before, before, { packFiles });
        assert.equal(review.verdict, "look");
        const [risk, ...none] = review.risks;
        assert.deepEqual(none, []);
        assert.equal(risk?.isEarlier, false);
        assert.equal(
            risk.fact,
            "the policies that judge this change are not those of the base: policies/rules/1.ts, policies/rules/2.ts, policies/rules/3.ts, policies/rules/4.ts, policies/rules/5.ts and 1 more",
        );
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

    it("that move in the program are deleted at their old place, after the new one is made", () => {
        const at = (parent: string, sides: Partial<Step>): Step => ({
            ...other("delete", "command:remote:Command"),
            urn: `urn:pulumi:s::p::${parent}$cinder-dr:index:CinderHost$command:remote:Command::cinder-a`,
            name: "cinder-a",
            ...sides,
        });
        const state = { inputs: {}, protect: false, retainOnDelete: false };
        const steps = [
            ...stepsBetween(before, before),
            at("new", { op: "create", after: state }),
            at("old", { op: "delete", before: state }),
        ];
        const review = reviewOf(before, before, { steps });
        assert.deepEqual(named(review.risks), ["critical moved-in-the-program cinder-a"]);
        assert.equal(review.verdict, "refused");
        const gone = reviewOf(before, before, {
            steps: steps.slice(0, -2).concat(steps.slice(-1)),
        });
        assert.deepEqual(named(gone.risks), []);
    });

    it("that differ only in a secret are named, and their host restarts", () => {
        const same = {
            inputs: { hostKey: HOST_KEY, stanzas: { ceph: "[ceph]\n" } },
            protect: false,
            retainOnDelete: false,
        };
        const step = {
            ...other("update", "cinder-dr:index:CinderHost"),
            name: "cinder-a",
            before: same,
            after: structuredClone(same),
            diffs: ["stanzas.ceph"],
        };
        const steps = [...stepsBetween(before, before), step];
        assert.deepEqual([...pushedIn(steps)], [["cinder-a", "yes"]]);
        const review = judge({ stack: "p/s", preview: goodPreview(steps), packs: 1, accept: [] });
        assert.deepEqual(named(review.risks), ["medium secret-changed cinder-a"]);
        assert.equal(
            review.risks[0]?.fact,
            "stanzas.ceph changes in something that has the shape of a secret and is not shown",
        );
    });

    it("do not hide that everything is gone", () => {
        const review = reviewOf(before, nothingDeclared());
        assert.equal(review.verdict, "refused");
        assert.ok(named(review.risks).includes("critical everything-removed"));
        assert.deepEqual(review.rollout.removals, ["cinder-c", "cinder-b", "cinder-a"]);
    });
});
