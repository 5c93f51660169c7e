import { named } from "../core/named";
import type { ServerPlan } from "../core/serverPlan";
import type { Journal } from "./journal";
import { ServersError, type ServersView } from "./servers";
import { attemptOf, isProven } from "./serversReattach";

export const isCurable = ({ cure }: ServerPlan): boolean =>
    cure === "reattach" || cure === "shelve" || cure === "evacuate";

/** Whether a word means a server: its id, or its name as it is typed or as it is shown. */
const means = (word: string, { id, name }: ServerPlan): boolean =>
    id === word || named(name) === named(word);

export const isChosen = (plan: ServerPlan, words: readonly string[]): boolean =>
    words.length === 0 || words.some((word) => means(word, plan));

/** Servers of the plan that were asked for. @throws ServersError for one that has no volume of this backend */
export function chosen(plans: readonly ServerPlan[], words: readonly string[]): ServerPlan[] {
    for (const word of words)
        if (!plans.some((plan) => means(word, plan)))
            throw new ServersError(
                `--server must be a server with a volume of this backend, got '${word}'`,
            );
    return plans.filter((plan) => isChosen(plan, words));
}

/** Whether the cure of a server ended with a failure: neither killed nor interrupted. */
function hasFailed({ entries }: Journal, id: string): boolean {
    const last = entries.findLast(({ step }) => step?.startsWith(`${id} `));
    const { reason = "" } = (last?.data ?? {}) as { reason?: string };
    return last?.kind === "failed" && !reason.startsWith("interrupted");
}

/** What a session has begun and not proven, by its last plan. */
export function unprovenIn(journal: Pick<Journal, "entries" | "result">): ServerPlan[] {
    const entry = journal.entries.findLast(({ kind }) => kind === "planned");
    const plans = (entry?.data as { plans: ServerPlan[] } | undefined)?.plans ?? [];
    return plans.filter(
        ({ id }) =>
            journal.entries.some((e) => e.kind === "started" && e.step?.startsWith(`${id} `)) &&
            !isProven(journal, id),
    );
}

export interface SessionPlan {
    /** In the order in which they get their cure. */
    plans: ServerPlan[];
    /** Begun by an earlier run, and not asked for by this one. */
    waiting: ServerPlan[];
}

/**
 * The plan of this run: what a killed run has begun, since a volume that it has detached is in no new plan; then new
 * ones. A server that has failed before comes last, or it would use up the failures each time.
 */
export function planOf(
    journal: Journal,
    view: ServersView,
    servers: readonly string[],
): SessionPlan {
    // One that was attached anew and still led elsewhere needs its cure once more, if it has not got it by hand.
    const anew = (plan: ServerPlan): ServerPlan =>
        attemptOf(journal, plan.id) === 0
            ? plan
            : (view.plans.find((p) => p.id === plan.id && isCurable(p)) ?? plan);
    const goOn = unprovenIn(journal).map(anew);
    const ids = new Set(goOn.map(({ id }) => id));
    // One whose volumes are all detached is in the journal alone.
    const known = chosen([...goOn, ...view.plans], servers);
    const fresh = known.filter((plan) => isCurable(plan) && !ids.has(plan.id));
    const asked = goOn.filter((plan) => isChosen(plan, servers));
    const again = asked.filter(({ id }) => hasFailed(journal, id));
    return {
        plans: [...asked.filter((plan) => !again.includes(plan)), ...fresh, ...again],
        waiting: goOn.filter((plan) => !asked.includes(plan)),
    };
}
