import { byEvacuation, isHostDown, noTaker } from "../core/evacuation";
import type { Finding } from "../core/finding";
import { wordsOf } from "../core/problem";
import type { Cure, ServerPlan } from "../core/serverPlan";
import type { RunOptions } from "./run";
import { GONE, type Cures } from "./serverLook";
import { cure } from "./serversReattach";
import { InterruptedError } from "./wait";

/** How servers are cured. */
export interface CureOptions extends Pick<RunOptions, "signal" | "found" | "doing"> {
    /** Servers worked on at a time. */
    batch: number;
    /** No further server is begun once so many have failed. */
    maxFailures: number;
}

/** Ids of servers, by what became of them. */
export interface Outcome {
    cured: string[];
    failed: string[];
    /** Deleted since they were planned; nothing is left to do for them. */
    gone: string[];
    /** Not begun, because too many had failed, the user interrupted, or their compute host is down. */
    notBegun: string[];
}

/** Cures servers in their order, a batch at a time; one that fails is a problem of its own. */
export async function cureAll(
    options: CureOptions,
    at: Cures,
    plans: readonly ServerPlan[],
): Promise<Outcome> {
    const { batch, maxFailures, signal, doing } = options;
    const result: Outcome = { cured: [], failed: [], gone: [], notBegun: [] };
    let next = 0;
    const worker = async () => {
        for (let plan = plans[next++]; plan !== undefined; plan = plans[next++]) {
            if (signal.aborted || result.failed.length >= maxFailures) {
                result.notBegun.push(plan.id);
                continue;
            }
            doing(`server ${String(next)} of ${String(plans.length)}: ${plan.name} (${plan.cure})`);
            const { outcome, finding } = await cureOne(at, plan);
            result[outcome].push(plan.id);
            options.found({ subject: `${plan.name} (${plan.id})`, ...finding });
        }
    };
    await Promise.all(Array.from({ length: Math.min(batch, plans.length) }, worker));
    return result;
}

interface Told {
    outcome: keyof Outcome;
    finding: Omit<Finding, "subject">;
}

const DONE: Partial<Record<Cure, string>> = {
    shelve: "shelved and unshelved",
    evacuate: "evacuated",
};

const gone: Told = { outcome: "gone", finding: { state: "warning", fact: GONE } };

async function cureOne(at: Cures, plan: ServerPlan): Promise<Told> {
    const start = performance.now();
    try {
        const left = await leftAlone(at, plan);
        if (left !== undefined) return left;
        await cure(at, plan);
        const what = DONE[plan.cure] ?? "re-attached";
        const fact = `${what}; its connections lead to the active site`;
        const seconds = Math.round(performance.now() - start) / 1000;
        return { outcome: "cured", finding: { state: "ok", fact, seconds } };
    } catch (error) {
        const isInterrupted = error instanceof InterruptedError;
        if (!isInterrupted && (await isGone(at, plan))) return gone;
        const next = isInterrupted
            ? "run the same command again: it goes on here"
            : "see to this server, then run the same command again: it goes on";
        return { outcome: "failed", finding: { state: "problem", fact: wordsOf(error), next } };
    }
}

/** A server that was deleted or lost its host since it was planned, also in the middle of a cure: each order would wait for minutes. */
async function leftAlone({ nova }: Cures, plan: ServerPlan): Promise<Told | undefined> {
    const server = await nova.server(plan.id);
    if (server === undefined) return (await nova.isGone(plan.id)) ? gone : undefined;
    const isLost = isHostDown(server);
    if (isLost && plan.cure !== "evacuate") {
        const fact = "is not begun: nobody on its compute host takes an order";
        const next = `by hand: ${byEvacuation(server)}; then run the same command again: it goes on`;
        return { outcome: "notBegun", finding: { state: "problem", fact, next } };
    }
    if (!isLost && plan.cure !== "shelve") return undefined;
    // A shelved server comes up on its own host as well.
    const untaken = noTaker(await nova.computes(), isLost ? server.host : undefined);
    if (untaken === undefined) return undefined;
    const fact = `is not ${isLost ? "evacuated" : "shelved"}: ${untaken}`;
    const next = "bring one up, then run the same command again: it goes on";
    return { outcome: "notBegun", finding: { state: "problem", fact, next } };
}

/** Whether a server whose cure failed was deleted meanwhile. */
async function isGone({ nova }: Cures, { id }: ServerPlan): Promise<boolean> {
    try {
        return await nova.isGone(id);
    } catch {
        // The failure of the cure is what matters.
        return false;
    }
}
