import { strict as assert } from "node:assert";
import {
    type PolicyResourceOptions,
    type ResourceValidationArgs,
    Secret,
    type StackValidationArgs,
    unknownCheckingProxy,
} from "@pulumi/policy";
import { secretsPreservingProxy } from "@pulumi/policy/secret";

import { rules as pack } from "../../policies/index";
import { policiesOf } from "../../policies/policy";
import type { Rule } from "../../policies/rule";
import { secretInputsAreKnown } from "../../policies/rules/secretInputsAreKnown";
import { valuesAreKnown } from "../../policies/rules/valuesAreKnown";
import type { Resource } from "./fixtures";

/** Pulumi's mark of a text that is not known before `up`. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const TODAY = "2026-11-22";

const options = ({ opts = {} }: Resource): PolicyResourceOptions => ({
    protect: opts.protect ?? false,
    ignoreChanges: opts.ignoreChanges ?? [],
    aliases: [],
    customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
    additionalSecretOutputs: opts.additionalSecretOutputs ?? [],
});

export const urnOf = ({ type, name, parentType }: Resource): string =>
    `urn:pulumi:test::cinder-dr::${parentType === undefined ? "" : `${parentType}$`}${type}::${name}`;

const notApplicable = (): never => {
    throw new Error("not applicable");
};

/** The SDK's proxy, whose type it does not give out. */
export const proxied = unknownCheckingProxy as (props: object) => Record<string, unknown>;

/** What a fixture says, with its secrets open: as a policy is handed it. */
const opened = (value: unknown): unknown => {
    if (value instanceof Secret) return opened(value.value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(opened);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
};

/** What a fixture says, with its secrets wrapped behind the SDK's proxies: as a repair is handed it. */
const wrapped = (value: unknown): unknown => {
    if (value instanceof Secret) return new Secret(wrapped(value.value));
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(wrapped);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wrapped(inner)]));
};

const inputs = new WeakMap<Resource, object>();
const inputsOf = (resource: Resource): object => {
    const props = inputs.get(resource) ?? (opened(resource.props) as object);
    inputs.set(resource, props);
    return props;
};

/** What the SDK hands to a policy for one resource; fresh proxies each time, as it makes them. */
export const argsOf = (resource: Resource, config: object = {}): ResourceValidationArgs => ({
    type: resource.type,
    name: resource.name,
    urn: urnOf(resource),
    props: proxied(inputsOf(resource)),
    opts: options(resource),
    ...(resource.provider === undefined
        ? {}
        : {
              provider: {
                  ...resource.provider,
                  type: "pulumi:providers:x",
                  urn: resource.provider.name,
              },
          }),
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: (() => config) as ResourceValidationArgs["getConfig"],
    notApplicable,
});

/** Says nothing; stack rules judge the inputs that resource rules of the same pack have seen. */
const silent: Rule = { ...valuesAreKnown, name: "silent", judge: () => [] };
/** Lets a rule know which inputs are secrets, as the whole pack does. */
const sight: Rule = { ...secretInputsAreKnown, name: "sight", judge: () => [] };

export interface Around {
    exemptions?: unknown[];
    today?: string;
    config?: object;
    /** Whether the pack was not shown which inputs are secrets. */
    blind?: boolean;
}

/** One thing that a rule says. */
export interface Refusal {
    rule: string;
    message: string;
}

/** Everything that `rules` say of a stack, in the engine's order: each resource by its inputs, then the whole. */
export async function refusals(
    rules: readonly Rule[],
    resources: readonly Resource[],
    { exemptions = [], today = TODAY, config = {}, blind = false }: Around = {},
): Promise<Refusal[]> {
    const policies = policiesOf([silent, ...(blind ? [] : [sight]), ...rules], exemptions, today);
    const said: Refusal[] = [];
    const report = (rule: string) => (message: string) => said.push({ rule, message });
    for (const resource of resources) {
        const props = proxied(secretsPreservingProxy(wrapped(resource.props)) as object);
        for (const policy of policies)
            if ("remediateResource" in policy && policy.enforcementLevel === "remediate")
                await policy.remediateResource({ ...argsOf(resource, config), props });
        for (const policy of policies)
            if ("validateResource" in policy && typeof policy.validateResource === "function")
                await policy.validateResource(argsOf(resource, config), report(policy.name));
    }
    const shown = resources.map((resource) => ({
        ...argsOf(resource),
        // A component's outputs are not its inputs.
        props: resource.type.startsWith("cinder-dr:") ? {} : argsOf(resource).props,
        parent: resource.parent,
        dependencies: [],
        propertyDependencies: {},
    }));
    const stack = {
        resources: shown,
        stackTags: new Map(),
        getConfig: () => config,
        notApplicable,
    } as unknown as StackValidationArgs;
    for (const policy of policies)
        if ("validateStack" in policy) await policy.validateStack(stack, report(policy.name));
    return said;
}

/** What {@link refusals} say, without their rules. */
export const violations = async (...args: Parameters<typeof refusals>): Promise<string[]> =>
    (await refusals(...args)).map(({ message }) => message);

/** Says whether the rule's repair changes the resource, and to what. */
export async function repaired(
    rule: Rule,
    resource: Resource,
    around: Around = {},
): Promise<Record<string, unknown> | undefined> {
    const [policy] = policiesOf([rule], around.exemptions ?? [], around.today ?? TODAY);
    assert.ok(
        policy && "remediateResource" in policy && policy.remediateResource,
        `${rule.name} has no repair`,
    );
    const props = structuredClone(resource.props);
    const args = { ...argsOf(resource, around.config), props };
    const result = (await policy.remediateResource(args)) as Record<string, unknown> | undefined;
    return result === undefined
        ? undefined
        : (JSON.parse(JSON.stringify(result)) as Record<string, unknown>);
}

/** Paths of everything that is a text, a number or a flag. */
function leavesOf(value: unknown, path: string[] = []): string[][] {
    if (typeof value !== "object" || value === null) return [path];
    return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

const setAt = (
    resource: Resource,
    path: readonly string[],
    change: (old: unknown) => unknown,
): Resource => {
    const changed = { ...resource, props: wrapped(resource.props) as Record<string, unknown> };
    let at = changed.props;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
    const last = path.at(-1) ?? "";
    at[last] = change(at[last]);
    return changed;
};

/** Secrets of every kind that rules could meet; none may ever be quoted. */
const SECRETS = [
    "AQBJ7m5mAAAAABAAvTq2cJ1Yk0nA8vD3mXb9Yg==",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----",
    "password=hunter2hunter2",
    "mQ7vXz2Lp9RtWb4KsYc8Nd6F",
];
/** The part of a secret that gives it away. */
const BETRAYING = [
    "vTq2cJ1Yk0nA8",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
    "hunter2",
    "mQ7vXz2Lp9RtWb4K",
];

/** A resource, or the resources of a stack. */
type Fixture = Resource | Resource[];

const listOf = (fixture: Fixture): Resource[] => (Array.isArray(fixture) ? fixture : [fixture]);

export interface Cases {
    /** Right ones, by what is worth saying about them. */
    passes: Record<string, Fixture>;
    /** Wrong ones by what is wrong, with the whole of what the rule says. */
    fails: Record<string, [fixture: Fixture, ...sentences: string[]]>;
    /** Inputs of the first wrong one that nothing is said about while they are not known, as paths. */
    unknown?: string[];
    /** Settings that change the verdict. */
    settings?: Record<string, [config: object, fixture: Fixture, ...sentences: string[]]>;
}

/** The tests that every rule has, from its cases. */
export function testRule(rule: Rule, cases: Cases): void {
    const wrong = Object.values(cases.fails);
    const judge = (fixture: Fixture, around?: Around) =>
        violations([rule], listOf(fixture), around);

    describe(`${rule.name}: ${rule.demand}`, () => {
        it("is in the pack", () => {
            assert.ok(pack.includes(rule));
        });

        for (const [what, fixture] of Object.entries(cases.passes))
            it(`passes ${what}`, async () => {
                assert.deepEqual(await judge(fixture), []);
            });

        for (const [what, [fixture, ...sentences]] of Object.entries(cases.fails))
            it(`fails ${what}`, async () => {
                assert.deepEqual(await judge(fixture), sentences);
            });

        for (const path of cases.unknown ?? [])
            it(`says nothing about ${path} before it is known, and that it says nothing`, async () => {
                const [first, ...rest] = listOf(wrong[0]?.[0] ?? []);
                assert.ok(first);
                const hidden = setAt(first, path.split("."), () => UNKNOWN_TEXT);
                assert.deepEqual(await judge([hidden, ...rest]), []);
                const [said] = await violations([valuesAreKnown], [hidden]);
                assert.match(said ?? "", new RegExp(`not known here: .*\\b${path}\\b`));
            });

        it("quotes no secret, wherever it stands", async () => {
            const fixtures = [
                ...Object.values(cases.passes).slice(0, 3),
                ...wrong.map(([fixture]) => fixture),
            ].map(listOf);
            for (const [n, planted] of fixtures.flatMap(withSecrets)) {
                const said = (await judge(planted)).join("\n");
                for (const part of BETRAYING) assert.ok(!said.includes(part), `${n}: ${said}`);
            }
        });

        it("is scoped by include and exclude", async () => {
            const [fixture, sentence = ""] = wrong[0] ?? [[]];
            const name = /^'([^']*)'/.exec(sentence)?.[1] ?? "";
            const all = await judge(fixture);
            const of = (text: string) => text.startsWith(`'${name}' `);
            assert.deepEqual(
                (await judge(fixture, { config: { exclude: [name] } })).filter(of),
                [],
            );
            assert.deepEqual(await judge(fixture, { config: { include: ["other*"] } }), []);
            const some = await judge(fixture, { config: { include: [`${name.slice(0, 2)}*`] } });
            assert.deepEqual(some.filter(of), all.filter(of));
        });

        for (const [what, [config, fixture, ...sentences]] of Object.entries(cases.settings ?? {}))
            it(`by its settings ${what}`, async () => {
                assert.deepEqual(await judge(fixture, { config }), sentences);
            });
    });
}

const behindAll = (old: unknown): string => `${String(old)}${SECRETS.join("")}`;

/** The fixture once for each of its leaves and each secret, which stands there alone; and with all behind what was there. */
function withSecrets(resources: Resource[]): [string, Resource[]][] {
    return resources.flatMap((resource, i) =>
        leavesOf(resource.props).flatMap((path) =>
            [...SECRETS.map((secret) => () => secret), behindAll].map(
                (change, k): [string, Resource[]] => [
                    `${path.join(".")} secret ${k}`,
                    resources.with(i, setAt(resource, path, change)),
                ],
            ),
        ),
    );
}
