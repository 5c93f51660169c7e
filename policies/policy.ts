import type {
    PolicyConfigSchema,
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationPolicy,
} from "@pulumi/policy";
import { Secret } from "@pulumi/policy";

import { isExempt } from "./exemption";
import { RECOVERY } from "./facts/texts";
import { Memory } from "./memory";
import type { Config, Repair, ResourceRule, Rule, StackRule, Surroundings } from "./rule";
import { seeSecrets } from "./seen";
import { stackOf } from "./stack";

const NAMES = {
    type: "array",
    items: { type: "string" },
    default: [],
} as const;

/** Settings of every rule. */
const SCOPE = {
    include: {
        ...NAMES,
        description:
            "Names of the only resources that are judged; * stands for any text. Empty: all.",
    },
    exclude: {
        ...NAMES,
        description: "Names of resources that are not judged; * stands for any text.",
    },
};

const configOf = (rule: Rule, given: object): Config => ({
    include: [],
    exclude: [],
    ...Object.fromEntries(Object.entries(rule.settings ?? {}).map(([key, s]) => [key, s.default])),
    ...(given as Config),
});

const isAmong = (names: unknown, name: string): boolean =>
    (names as string[]).some((pattern) => {
        const literal = pattern
            .split("*")
            .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
        return new RegExp(`^${literal.join(".*")}$`).test(name);
    });

/** Whether a rule has anything to say about a resource in this run. */
function isJudged(
    rule: Rule,
    config: Config,
    resource: { name: string; urn: string },
    { exemptions, today }: Surroundings,
): boolean {
    const { include, exclude } = config;
    if ((include as string[]).length > 0 && !isAmong(include, resource.name)) return false;
    if (isAmong(exclude, resource.name)) return false;
    return !isExempt(exemptions, rule.name, resource, today);
}

const text = (rule: Rule) => ({
    name: rule.name,
    description: rule.demand,
    enforcementLevel: rule.level,
    severity: rule.severity,
    remediationSteps: rule.why,
    framework: {
        name: rule.reference === "internal" ? "cinder-dr" : "OpenStack Security Guide",
        version: "1",
        reference: rule.reference,
        specification: rule.demand,
    },
    configSchema: { properties: { ...SCOPE, ...rule.settings } } as unknown as PolicyConfigSchema,
});

function apply(args: ResourceValidationArgs, { path, value, secret }: Repair): void {
    let at = args.props as Record<string, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[path.at(-1) ?? ""] = secret === true ? new Secret(value) : value;
}

function resourcePolicy(
    rule: ResourceRule,
    memory: Memory,
    around: Surroundings,
): ResourceValidationPolicy {
    const repair = rule.repair?.bind(rule);
    return {
        ...text(rule),
        validateResource: async (args, report) => {
            const config = configOf(rule, args.getConfig());
            const seen = await memory.look(rule.name, args);
            if (!isJudged(rule, config, args, around)) return;
            for (const sentence of rule.judge(seen, config, around))
                report(memory.masked(`'${args.name}' ${sentence}`));
        },
        ...(repair === undefined
            ? {}
            : {
                  remediateResource: async (args) => {
                      const config = configOf(rule, args.getConfig());
                      const seen = await seeSecrets(args);
                      memory.keepSecrets(seen);
                      if (!isJudged(rule, config, args, around)) return undefined;
                      const repairs = [...repair(seen, config)];
                      for (const one of repairs) apply(args, one);
                      return repairs.length > 0 ? args.props : undefined;
                  },
              }),
    };
}

/** The closest CinderDisasterRecovery above a resource. */
function recoveryOf({ parent }: PolicyResource): { recovery?: string } {
    if (parent === undefined) return {};
    return parent.type === RECOVERY ? { recovery: parent.urn } : recoveryOf(parent);
}

const stackPolicy = (
    rule: StackRule,
    memory: Memory,
    around: Surroundings,
): StackValidationPolicy => ({
    ...text(rule),
    validateStack: async (args, report) => {
        const config = configOf(rule, args.getConfig());
        const resources = await Promise.all(
            args.resources.map(async (r) => ({ ...(await memory.recall(r)), ...recoveryOf(r) })),
        );
        // The engine lists them in the order in which they were ready: a refusal would name another one each time.
        resources.sort((a, b) => (a.urn < b.urn ? -1 : 1));
        const byUrn = new Map(resources.map((r) => [r.urn, r]));
        for (const { urn, sentence } of rule.judgeStack(stackOf(resources), config, around)) {
            const name = byUrn.get(urn)?.name ?? "";
            if (isJudged(rule, config, { name, urn }, around))
                report(memory.masked(`'${name}' ${sentence}`), urn);
        }
    },
});

/** The rules as Pulumi runs them; all share what they saw. */
export function policiesOf(rules: readonly Rule[], exemptions: readonly unknown[], today: string) {
    const memory = new Memory();
    const around = { exemptions, today, rules: rules.map(({ name }) => name) };
    return rules.map((rule) =>
        "judge" in rule ? resourcePolicy(rule, memory, around) : stackPolicy(rule, memory, around),
    );
}
