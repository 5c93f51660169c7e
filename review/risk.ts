import type { Change, Changes } from "./changes";
import type { Rollout } from "./rollout";
import type { Step } from "./steps";

/**
 * critical: protection or data is lost, or it cannot be undone; the review refuses until it is accepted by name.
 * high: needs a person's decision. medium: worth a look.
 */
export type Level = "critical" | "high" | "medium";

export const LEVELS: readonly Level[] = ["critical", "high", "medium"];

/** One thing that a change means for protection, in a sentence. */
export interface Risk {
    /** Kebab-case; what `--accept` takes. */
    name: string;
    level: Level;
    kind:
        | "backend"
        | "host"
        | "compute host"
        | "volume type"
        | "pool"
        | "site"
        | "stack"
        | "resource";
    subject: string;
    /** What happens, in the field's words. */
    fact: string;
    /** What to check or to do instead. */
    next: string;
    /** What undoing the change does not bring back. */
    lasting?: string;
}

/** Everything a risk can be read from. */
export interface Situation {
    changes: Changes;
    rollout: Rollout;
    /** Empty where only two topologies are compared. */
    steps: readonly Step[];
    /** Files of the policy packs that are not as they are at the base. */
    packFiles?: readonly string[];
}

/** How a value stands in a sentence. */
export const said = (value: string | undefined): string =>
    value === undefined ? "nothing" : `'${value}'`;

type About = Pick<Risk, "kind" | "subject">;

/** A risk about one thing: `of("backend", name)("pool-changed", "critical", fact, next)`. */
export const of =
    (kind: About["kind"], subject: string) =>
    (name: string, level: Level, fact: string, next: string, lasting?: string): Risk => ({
        name,
        level,
        kind,
        subject,
        fact,
        next,
        ...(lasting === undefined ? {} : { lasting }),
    });

/** Changes of one kind. */
export const only = (changes: readonly Change[], kind: Change["kind"]): Change[] =>
    changes.filter((change) => change.kind === kind);
