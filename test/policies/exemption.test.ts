import { strict as assert } from "node:assert";

import { dayOf, daysLeft, entriesOf, exemptionFault, isExempt } from "../../policies/exemption";
import { rules } from "../../policies/index";
import { exemptionIsInForce } from "../../policies/rules/exemptionIsInForce";
import { exemptionIsListed } from "../../policies/rules/exemptionIsListed";
import { exemptionNamesAResource } from "../../policies/rules/exemptionNamesAResource";
import { volumeTypeIsProtected } from "../../policies/rules/volumeTypeIsProtected";
import { compliantStack, rootStack, volumeType } from "./fixtures";
import { TODAY, urnOf, violations } from "./support";

const unprotected = volumeType({}, { opts: { protect: false } });
const exemption = (fields: Record<string, unknown> = {}) => ({
    rule: "volume-type-is-protected",
    resource: "replicated",
    reason: "the cloud is thrown away",
    expires: "2026-12-31",
    ...fields,
});
const pack = [
    exemptionIsInForce,
    exemptionIsListed,
    exemptionNamesAResource,
    volumeTypeIsProtected,
];
const said = (exemptions: unknown[], today = TODAY, config = {}) =>
    violations(pack, [rootStack(), unprotected], { exemptions, today, config });

const LISTED =
    "'cinder-dr-test' exempts 'replicated' from volume-type-is-protected until 2026-12-31, because 'the cloud is thrown away'";
const VIOLATED = "'replicated' is not protected; set the resource option protect: true";

describe("exemption", () => {
    it("lets a rule pass over a resource and is listed", async () => {
        assert.deepEqual(await said([exemption()]), [LISTED]);
    });

    it("names the resource by its URN too", async () => {
        assert.deepEqual(await said([exemption({ resource: urnOf(unprotected) })]), [
            LISTED.replace("'replicated'", `'${urnOf(unprotected)}'`),
        ]);
    });

    it("holds on its last day", async () => {
        assert.deepEqual(await said([exemption()], "2026-12-31"), [LISTED]);
    });

    it("fails the day after, with its rule", async () => {
        assert.deepEqual(await said([exemption()], "2027-01-01"), [
            "'cinder-dr-test' cinder-dr:exemptions[0] for volume-type-is-protected on 'replicated' expired on 2026-12-31; repair the resource, or renew the exemption with its reason",
            VIOLATED,
        ]);
    });

    it("holds for its own rule and resource only", async () => {
        const rule = await said([exemption({ rule: "exemption-is-listed" })]);
        assert.ok(rule.includes(VIOLATED));
        const resource = await said([exemption({ resource: "other" })]);
        assert.deepEqual(resource, [
            LISTED.replace("'replicated'", "'other'"),
            VIOLATED,
            "'cinder-dr-test' exempts 'other', which is not in it; take the exemption out or correct the name",
        ]);
    });

    it("fails for a rule that is none", async () => {
        const [first, , ...rest] = await said([exemption({ rule: "volume-type-is-protectet" })]);
        assert.equal(
            first,
            "'cinder-dr-test' cinder-dr:exemptions[0] names 'volume-type-is-protectet', which is no rule; correct its name",
        );
        assert.deepEqual(rest, [VIOLATED]);
    });

    it("fails when it ends too late, by its setting", async () => {
        const far =
            "'cinder-dr-test' cinder-dr:exemptions[0] for volume-type-is-protected on 'replicated' ends on 2027-11-24; end it within 366 days";
        assert.deepEqual((await said([exemption({ expires: "2027-11-24" })]))[0], far);
        assert.equal((await said([exemption({ expires: "2027-11-23" })])).length, 1);
        assert.equal(
            (await said([exemption()], TODAY, { maximumDays: 7 }))[0],
            "'cinder-dr-test' cinder-dr:exemptions[0] for volume-type-is-protected on 'replicated' ends on 2026-12-31; end it within 7 days",
        );
    });

    for (const [what, entry, fault] of [
        ["text", "x", "must be rule, resource, reason and expires, got 'x'"],
        ["nothing", null, "must be rule, resource, reason and expires, got 'null'"],
        ["no rule", exemption({ rule: undefined }), "must name the rule"],
        ["an empty rule", exemption({ rule: " " }), "must name the rule"],
        ["no resource", exemption({ resource: 5 }), "must name the resource"],
        ["no reason", exemption({ reason: "" }), "must give a reason"],
        [
            "no day",
            exemption({ expires: undefined }),
            "must end on a day, expires: YYYY-MM-DD, got nothing",
        ],
        [
            "a day that is none",
            exemption({ expires: "2026-02-31" }),
            "must end on a day, expires: YYYY-MM-DD, got '2026-02-31'",
        ],
        [
            "a month that is none",
            exemption({ expires: "2026-13-01" }),
            "must end on a day, expires: YYYY-MM-DD, got '2026-13-01'",
        ],
        [
            "a time",
            exemption({ expires: "2026-12-31T00:00:00Z" }),
            "must end on a day, expires: YYYY-MM-DD, got '2026-12-31T00:00:00Z'",
        ],
        [
            "something before the day",
            exemption({ expires: "x2026-12-31" }),
            "must end on a day, expires: YYYY-MM-DD, got 'x2026-12-31'",
        ],
        [
            "an unknown field",
            exemption({ until: "x" }),
            "must have only rule, resource, reason and expires, got 'until'",
        ],
    ] as const)
        it(`fails with ${what}, and exempts nothing`, async () => {
            assert.equal(exemptionFault(entry), fault);
            assert.deepEqual(await said([entry]), [
                `'cinder-dr-test' cinder-dr:exemptions[0] ${fault}`,
                VIOLATED,
            ]);
        });

    it("takes a single entry, a list and nothing from the config", () => {
        assert.deepEqual(entriesOf(undefined), []);
        assert.deepEqual(entriesOf(null), []);
        assert.deepEqual(entriesOf([1, 2]), [1, 2]);
        assert.deepEqual(entriesOf("x"), ["x"]);
    });

    it("takes a day that YAML made a moment of, and nothing else for one", () => {
        const day = (expires: unknown) => entriesOf([{ rule: "r", expires }]);
        assert.deepEqual(day("2026-12-31 00:00:00 +0000 UTC"), [
            { rule: "r", expires: "2026-12-31" },
        ]);
        for (const other of ["2026-12-31 00:00:00 +0000 UTC ", "2026-12-31 01:00:00 +0000 UTC", 5])
            assert.deepEqual(day(other), [{ rule: "r", expires: other }]);
        assert.deepEqual(entriesOf([null, { rule: "r" }]), [null, { rule: "r" }]);
    });

    it("counts whole days", () => {
        assert.equal(daysLeft(exemption() as never, "2026-12-30"), 1);
        assert.equal(daysLeft(exemption() as never, "2027-01-02"), -2);
        assert.equal(dayOf(new Date("2026-11-22T23:59:59Z")), "2026-11-22");
    });

    it("holds for a stack rule's resource", async () => {
        const alone = compliantStack().filter((r) => r.name !== "replicated");
        const backend = exemption({ rule: "backend-is-protected", resource: "ceph" });
        assert.deepEqual(await violations(rules, alone, { exemptions: [backend] }), [
            LISTED.replace(
                "'replicated' from volume-type-is-protected",
                "'ceph' from backend-is-protected",
            ),
        ]);
    });

    it("of an unprotected type is all that its stack needs", async () => {
        const loose = compliantStack().map((r) => (r.name === "replicated" ? unprotected : r));
        assert.deepEqual(await violations(rules, loose, { exemptions: [exemption()] }), [LISTED]);
    });

    it("is looked for among several", () => {
        const resource = { name: "replicated", urn: "u" };
        assert.ok(
            isExempt(
                [exemption({ resource: "x" }), exemption()],
                "volume-type-is-protected",
                resource,
                TODAY,
            ),
        );
        assert.ok(!isExempt([], "volume-type-is-protected", resource, TODAY));
    });

    it("says nothing for a stack without one", async () => {
        assert.deepEqual(await said([]), [VIOLATED]);
    });
});
