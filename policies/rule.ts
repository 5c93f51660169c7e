import type { PolicyConfigSchema } from "@pulumi/policy";

import type { Seen } from "./seen";
import type { Stack } from "./stack";

export type Severity = "low" | "medium" | "high" | "critical";

/** The public guideline that a rule carries out; `internal` where the only source is the driver's own behaviour. */
export type Reference = `Block-${string}` | `OSSN-${string}` | `CVE-${string}` | "internal";

/** A demand on the inputs of a stack, with everything that a reader of its refusal or of its documentation needs. */
interface RuleText {
    /** Resource and demand in kebab-case; the key in policy config and in exemptions. */
    name: string;
    /** One sentence without a full stop. */
    demand: string;
    /** What happens otherwise, in Cinder's or Ceph's words. */
    why: string;
    /** Where that is known from: a file of Cinder or Ceph, a bug, a guide. */
    source: string;
    level: "advisory" | "mandatory" | "remediate";
    severity: Severity;
    reference: Reference;
    /** Numbers of the known traps (see traps.ts) that the rule closes before `up`. */
    traps: readonly number[];
    /** Numbers of the auditor's checks (see traps.ts) that the rule makes. */
    checks: readonly number[];
    /** Settings of this rule beside `include` and `exclude`, with their defaults. */
    settings?: Settings;
}

export type Settings = Record<
    string,
    PolicyConfigSchema["properties"][string] & { default: Setting }
>;
export type Setting = string | number | boolean | string[];
export type Config = Record<string, Setting>;

/** What is wrong about one resource: fact and way out, read after its quoted name. */
export type Sentence = string;

/** What is wrong about a resource of a stack. */
export interface StackViolation {
    urn: string;
    sentence: Sentence;
}

/** A property to be changed, by its path, and its right value. */
export interface Repair {
    path: readonly string[];
    value: unknown;
    /** The value must be encrypted in the state. */
    secret?: boolean;
}

/** What holds for every rule of a run. */
export interface Surroundings {
    /** The stack's config `cinder-dr:exemptions`, right or wrong. */
    exemptions: readonly unknown[];
    /** Today, YYYY-MM-DD. */
    today: string;
    /** Names of all rules. */
    rules: readonly string[];
}

export interface ResourceRule extends RuleText {
    judge(resource: Seen, config: Config, around: Surroundings): Iterable<Sentence>;
    /** Only where the right value is certain; runs when the rule's level is set to `remediate`. */
    repair?(resource: Seen, config: Config): Iterable<Repair>;
}

export interface StackRule extends RuleText {
    judgeStack(stack: Stack, config: Config, around: Surroundings): Iterable<StackViolation>;
}

export type Rule = ResourceRule | StackRule;
