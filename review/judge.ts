import { compare, isNothing, type Changes } from "./changes";
import { declaredIn, nothingDeclared, type Declared } from "./declared";
import { identityOf, risksOf } from "./risks";
import type { Risk, Situation } from "./risk";
import { planRollout, pushedIn, restartsOf, type Rollout } from "./rollout";
import { changedSteps, type PolicyResult, type Preview, type Step } from "./steps";
import type { Live } from "./live";
import { protectionOf, type Protection } from "./protection";

/**
 * failed: nothing can be said, exit code 1; refused: exit code 3; look: somebody must decide; clear: nothing that needs
 * a decision; unchanged: nothing to do.
 */
export type Verdict = "failed" | "refused" | "look" | "clear" | "unchanged";

/** A risk, and what the review knows about it beyond its sentence. */
export interface ReviewedRisk extends Risk {
    /** Whether somebody has accepted it by name. */
    accepted: boolean;
    /** Whether the base has it already: an earlier change that is not applied yet. */
    isEarlier: boolean;
}

/** What a change to a stack means: everything that a comment shows. */
export interface Review {
    stack: string;
    verdict: Verdict;
    /** Why nothing can be said, or not everything. */
    failures: string[];
    risks: ReviewedRisk[];
    protection: Protection;
    rollout: Rollout;
    changes: Changes;
    policies: PolicyResult[];
    packs: string[];
    /** The engine's and the program's own, e.g. of recorded drift. */
    warnings: string[];
    steps: Step[];
    /** What the engine counts by operation: a replacement once, its default providers never. */
    counts: Record<string, number>;
    /** With `--base`: the commit, and what of the change is older than it. */
    base?: { ref: string; earlierRestarts: string[]; alreadyApplied: number };
    /** Whether the preview failed and the topology alone is shown. */
    isFromTopology: boolean;
    /** Whether the preview failed and nothing at all can be shown. */
    isBlind: boolean;
    live?: Live;
}

/** Operations whose meaning is known; any other may do anything. */
const OPERATIONS = new Set(
    "same create update delete replace create-replacement delete-replaced read read-replacement read-discard refresh discard discard-replaced remove-pending-replace import import-replacement".split(
        " ",
    ),
);

/** Every reason not to believe the preview. */
function failuresOf({ preview, packs, live }: Given): string[] {
    const unknown = preview.steps.filter(({ op }) => !OPERATIONS.has(op));
    const violated = preview.policies.some(({ level }) => level === "mandatory");
    return [
        ...preview.errors,
        ...(preview.complete ? [] : ["the engine's summary is missing: the preview did not end"]),
        ...(preview.corrupt
            ? ["the engine says that its state may be corrupt (maybeCorrupt)"]
            : []),
        ...unknown.map(({ op, name }) => `the operation '${op}' on '${name}' is unknown here`),
        ...Object.entries(preview.counted).flatMap(([op, n]) =>
            (preview.told[op] ?? 0) < n && op !== "read"
                ? `the engine counts ${String(n)} '${op}', of which ${String(preview.told[op] ?? 0)} were told`
                : [],
        ),
        ...(preview.complete && packs > 0 && preview.packs.length < packs
            ? ["the policy pack did not run"]
            : []),
        ...(preview.failed && preview.errors.length === 0 && !violated
            ? ["pulumi preview failed without a reason"]
            : []),
        ...(live?.problems ?? []).map((problem) => `--live: ${problem}`),
    ];
}

interface Given {
    stack: string;
    preview: Preview;
    /** How many policy packs were asked for. */
    packs: number;
    /** Names of risks that somebody has accepted. */
    accept: readonly string[];
    base?: { ref: string; declared: Declared };
    /** Files of the policy packs that are not as they are at the base. */
    packFiles?: readonly string[];
    /** What the stack's file declares: for a preview that failed, and for what none shows. */
    now?: Declared;
    live?: Live;
}

function verdictOf(review: Omit<Review, "verdict">): Verdict {
    if (review.failures.length > 0) return "failed";
    const violated = review.policies.some(({ level }) => level === "mandatory");
    const blocking = review.risks.some(({ level, accepted }) => level === "critical" && !accepted);
    if (violated || blocking) return "refused";
    if (review.risks.length > 0) return "look";
    const isSame = review.steps.length === 0 && isNothing(review.changes);
    return isSame ? "unchanged" : "clear";
}

/** How the base differs from the change: what is older than it, and what the stack has already. */
function againstBase(
    { ref, declared }: NonNullable<Given["base"]>,
    { changes, rollout, packFiles }: Required<Omit<Situation, "steps">>,
) {
    const own = { ...compare(declared, changes.after), beside: changes.beside };
    const rolled = planRollout(own);
    const ownRisks = risksOf({ changes: own, rollout: rolled, steps: [], packFiles });
    const ownRestarts = new Set(restartsOf(rolled).map(({ host }) => host));
    const risks = new Set(ownRisks.map(identityOf));
    const applied = [...own.backends, ...own.types].filter(
        ({ name }) => ![...changes.backends, ...changes.types].some((c) => c.name === name),
    );
    return {
        isOwn: (risk: Risk): boolean => risks.has(identityOf(risk)),
        base: {
            ref,
            earlierRestarts: restartsOf(rollout)
                .map(({ host }) => host)
                .filter((host) => !ownRestarts.has(host)),
            alreadyApplied: applied.length,
        },
    };
}

/** A preview that failed has not seen every resource: then two topologies are compared, or nothing is. */
function changesOf({ preview, base, now }: Given, isWhole: boolean): Changes {
    if (isWhole)
        return compare(declaredIn(preview.steps, "before"), declaredIn(preview.steps, "after"));
    if (base !== undefined && now !== undefined) return compare(base.declared, now);
    return compare(nothingDeclared(), nothingDeclared());
}

/** What only the stack's file shows is compared with the base's file. */
function withBeside(changes: Changes, { base, now }: Given): Changes {
    if (base === undefined || now === undefined) return changes;
    return { ...changes, beside: compare(base.declared, now).beside };
}

/** The engine tells of resources as they are ready: the same change would read otherwise each time. */
const inOrder = (preview: Preview): Preview => ({
    ...preview,
    steps: [...preview.steps].sort(({ urn: a }, { urn: b }) => (a < b ? -1 : a > b ? 1 : 0)),
    policies: [...preview.policies].sort((a, b) =>
        `${a.policy} ${a.resource} ${a.message}` < `${b.policy} ${b.resource} ${b.message}`
            ? -1
            : 1,
    ),
    warnings: [...preview.warnings].sort(),
});

/** Judges what a preview told. */
export function judge(asGiven: Given): Review {
    const given = { ...asGiven, preview: inOrder(asGiven.preview) };
    const { stack, preview, accept, base, packFiles = [], now, live } = given;
    const failures = failuresOf(given);
    const isWhole = preview.errors.length === 0 && preview.complete;
    const isFromTopology = !isWhole && base !== undefined && now !== undefined;
    const changes = withBeside(changesOf(given, isWhole), given);
    const seen = isWhole ? preview.steps : [];
    const rollout = planRollout(changes, pushedIn(seen));
    const found = risksOf({ changes, rollout, steps: seen, packFiles });
    const against =
        base === undefined ? undefined : againstBase(base, { changes, rollout, packFiles });
    // What no topology shows, such as another resource's step, counts as this change's.
    const isEarlier = (risk: Risk) =>
        against !== undefined && risk.kind !== "resource" && !against.isOwn(risk);
    const risks = found.map((risk) => ({
        ...risk,
        accepted: accept.includes(risk.name),
        isEarlier: isEarlier(risk),
    }));
    const steps = changedSteps(seen);
    const review = {
        stack,
        failures,
        risks,
        protection: protectionOf(changes, risks),
        rollout,
        changes,
        policies: preview.policies,
        packs: preview.packs,
        warnings: preview.warnings,
        steps,
        counts: isWhole ? preview.counted : {},
        isFromTopology,
        isBlind: !isWhole && !isFromTopology,
        ...(against === undefined ? {} : { base: against.base }),
        ...(live === undefined ? {} : { live }),
    };
    return { ...review, verdict: verdictOf(review) };
}
