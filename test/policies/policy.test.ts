import { strict as assert } from "node:assert";

import { Secret, type ResourceValidationPolicy } from "@pulumi/policy";

import { rules } from "../../policies/index";
import { policiesOf } from "../../policies/policy";
import type { ResourceRule, StackRule } from "../../policies/rule";
import { see, seeSecrets, textIn } from "../../policies/seen";
import { backend, command, host, plainType, volumeType } from "./fixtures";
import { argsOf, proxied, TODAY, UNKNOWN_TEXT, urnOf, violations } from "./support";

const [first] = rules;
assert.ok(first);
const stackBase = Object.fromEntries(
    Object.entries({ ...first, name: "a-rule" }).filter(([key]) => key !== "judge"),
) as unknown as StackRule;
const base = {
    ...first,
    name: "a-rule",
    settings: { limit: { type: "integer", default: 3 } },
} as const;
const resourceRule = (
    judge: ResourceRule["judge"],
    rest: Partial<ResourceRule> = {},
): ResourceRule => ({ ...base, ...rest, judge });

describe("a rule as Pulumi runs it", () => {
    const [policy] = policiesOf(
        [{ ...base, level: "mandatory", severity: "low", reference: "Block-02" }],
        [],
        TODAY,
    ) as [ResourceValidationPolicy];

    it("carries its texts", () => {
        assert.equal(policy.name, "a-rule");
        assert.equal(policy.description, base.demand);
        assert.equal(policy.remediationSteps, base.why);
        assert.equal(policy.enforcementLevel, "mandatory");
        assert.equal(policy.severity, "low");
        assert.deepEqual(policy.framework, {
            name: "OpenStack Security Guide",
            version: "1",
            reference: "Block-02",
            specification: base.demand,
        });
    });

    it("names the project as the framework of an internal demand", () => {
        const [internal] = policiesOf([base], [], TODAY);
        assert.deepEqual(internal?.framework, {
            name: "cinder-dr",
            version: "1",
            reference: "internal",
            specification: first.demand,
        });
    });

    it("has a schema of its settings and of its scope", () => {
        assert.deepEqual(Object.keys(policy.configSchema?.properties ?? {}), [
            "include",
            "exclude",
            "limit",
        ]);
        const { include, exclude } = policy.configSchema?.properties ?? {};
        for (const names of [include, exclude]) {
            assert.ok(names);
            assert.equal(names.type, "array");
            assert.deepEqual(names.items, { type: "string" });
            assert.deepEqual(names.default, []);
            assert.match(names.description ?? "", /\* stands for any text/);
        }
    });

    it("has a repair only where the rule has one", () => {
        assert.ok(!("remediateResource" in policy));
        const withRepair = rules.filter((rule) => "repair" in rule).map(({ name }) => name);
        assert.deepEqual(withRepair, [
            "secret-inputs-are-known",
            "volume-type-spells-replication-exactly",
            "volume-type-says-whether-it-is-public",
            "stdin-with-a-secret-is-encrypted",
            "command-output-is-not-logged",
        ]);
    });

    it("is given its settings with their defaults", async () => {
        const rule = resourceRule((_, config) => [JSON.stringify(config)]);
        assert.deepEqual(await violations([rule], [host()]), [
            '\'cinder-a\' {"include":[],"exclude":[],"limit":3}',
        ]);
        assert.deepEqual(await violations([rule], [host()], { config: { limit: 4 } }), [
            '\'cinder-a\' {"include":[],"exclude":[],"limit":4}',
        ]);
    });

    it("is given no settings where it has none", async () => {
        const { settings, ...plain } = base;
        assert.ok(settings);
        const rule = {
            ...plain,
            judge: (_: unknown, config: object) => [JSON.stringify(config)],
        } as unknown as ResourceRule;
        assert.deepEqual(await violations([rule], [host()]), [
            '\'cinder-a\' {"include":[],"exclude":[]}',
        ]);
    });

    it("is told the names of all rules", async () => {
        const rule = resourceRule((_, __, around) => [around.rules.join()]);
        assert.deepEqual(await violations([rule], [host()]), ["'cinder-a' silent,sight,a-rule"]);
    });

    it("is scoped by names in which * stands for any text and all else for itself", async () => {
        const rule = resourceRule(() => ["x"]);
        const judged = async (config: object) =>
            (
                await violations(
                    [rule],
                    ["a", "a.b", "axb", "ba"].map((name) => host({}, name)),
                    { config },
                )
            ).map((t) => t.split("'")[1]);
        assert.deepEqual(await judged({ include: ["a.b"] }), ["a.b"]);
        assert.deepEqual(await judged({ include: ["a*"] }), ["a", "a.b", "axb"]);
        assert.deepEqual(await judged({ include: ["*b", "ba"] }), ["a.b", "axb", "ba"]);
        assert.deepEqual(await judged({ exclude: ["a*b"] }), ["a", "ba"]);
        assert.deepEqual(await judged({ include: ["a*"], exclude: ["a"] }), ["a.b", "axb"]);
    });

    it("judges new inputs of a resource that is analysed again", async () => {
        const policies = policiesOf(
            [resourceRule(({ inputs }) => [JSON.stringify(inputs.isPublic)])],
            [],
            TODAY,
        ) as [ResourceValidationPolicy];
        const judge = async (isPublic: boolean) => {
            const said: string[] = [];
            const check = policies[0].validateResource as (...args: unknown[]) => Promise<void>;
            await check(argsOf(volumeType({}, { props: { isPublic } })), (m: string) =>
                said.push(m),
            );
            return said;
        };
        assert.deepEqual(await judge(true), ["'replicated' true"]);
        assert.deepEqual(await judge(false), ["'replicated' false"]);
    });

    it("judges the stack by what was declared, and by outputs where nothing was", async () => {
        const rule: StackRule = {
            ...stackBase,
            judgeStack: ({ resources }) =>
                resources.map(({ urn, inputs }) => ({
                    urn,
                    sentence: textIn(inputs.pool) ?? "nothing",
                })),
        };
        assert.deepEqual(await violations([rule], [backend()]), ["'ceph' volumes"]);
        const [alone] = policiesOf([rule], [], TODAY);
        assert.ok(alone && "validateStack" in alone);
        const said: [string, string | undefined][] = [];
        const args = {
            resources: [argsOf(backend())],
            getConfig: () => ({}),
            stackTags: new Map(),
        };
        await alone.validateStack(args as never, (m, urn) => said.push([m, urn]));
        assert.deepEqual(said, [["'ceph' volumes", urnOf(backend())]]);
    });

    it("says what is wrong with the stack itself without a name", async () => {
        const rule: StackRule = {
            ...stackBase,
            judgeStack: () => [{ urn: "", sentence: "x" }],
        };
        assert.deepEqual(await violations([rule], []), ["'' x"]);
    });
});

describe("a resource as rules see it", () => {
    it("has plain inputs, with a mark for what is not known", async () => {
        const seen = await see(
            argsOf({
                type: "a:b:C",
                name: "n",
                props: { a: 1, b: { c: [UNKNOWN_TEXT, "x", null], d: true } },
            }),
        );
        assert.equal(seen.inputs.a, 1);
        assert.deepEqual(seen.unknown, ["b.c.0"]);
        const { c, d } = seen.inputs.b as { c: unknown[]; d: unknown };
        assert.ok(Array.isArray(c));
        assert.equal(typeof c[0], "symbol");
        assert.deepEqual([c[1], c[2], d], ["x", null, true]);
    });

    it("knows its parent's type", async () => {
        assert.equal((await see(argsOf(command("true")))).parentType, undefined);
        assert.equal(
            (await see(argsOf({ ...command("true"), parentType: "x:y:Z" }))).parentType,
            "x:y:Z",
        );
        assert.equal((await see({ ...argsOf(command("true")), urn: "odd" })).parentType, undefined);
    });

    it("knows its provider", async () => {
        assert.equal((await see(argsOf(plainType("x", {})))).provider, undefined);
        assert.deepEqual((await see(argsOf(command("true")))).provider?.inputs, {
            version: "1.2.1",
        });
    });

    it("reads the text of an asset, which is a promise", async () => {
        const props = proxied({ source: { text: Promise.resolve("[ceph]") } });
        assert.deepEqual((await see({ ...argsOf(command("true")), props })).inputs, {
            source: { text: "[ceph]" },
        });
    });

    it("lets other errors through", async () => {
        const props = {
            get broken(): string {
                throw new Error("broken");
            },
        };
        await assert.rejects(see({ ...argsOf(command("true")), props }), /broken/);
    });

    it("knows which inputs are secret while it is repaired", async () => {
        const props = proxied({ a: new Secret({ b: "x" }), c: "y" });
        const seen = await seeSecrets({ ...argsOf(command("true")), props });
        assert.deepEqual(seen.secret, ["a"]);
        assert.deepEqual(seen.inputs, { a: { b: "x" }, c: "y" });
    });
});
