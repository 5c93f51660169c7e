import { wordsOf } from "../core/problem";
import type { Finding } from "../core/finding";
import { begunOf, type Source } from "../core/operation";
import { consentsSaid } from "../core/reportConsents";
import { byEvacuation, isHostDown, noTaker } from "../core/evacuation";
import type { Cure, ServerPlan } from "../core/serverPlan";
import type { Backend, Topology } from "../core/topology";
import { CephSite } from "./cephSite";
import type { Cinder } from "./cinder";
import { Journal, newOperationId, whoAmI } from "./journal";
import { openJournalOf } from "./journalFolder";
import type { Nova } from "./nova";
import { lookAtServers, type ServersView } from "./servers";
import { GONE, type Cures } from "./serverLook";
import { cure } from "./serversReattach";
import { chosen, isChosen, planOf } from "./sessionPlan";
import { SiteLock } from "./siteLock";
import { InterruptedError } from "./wait";

export const REATTACH = "servers --reattach";

export interface ReattachOptions {
    topology: Topology;
    backend: Backend;
    cinder: Cinder;
    nova: Nova;
    version: string;
    /** Kept by the journal, for the commands that go on. */
    source?: Source;
    /** Ids or names; empty for all that need it. */
    servers: readonly string[];
    /** Servers worked on at a time. */
    batch: number;
    /** No further server is begun once so many have failed. */
    maxFailures: number;
    /** Compute hosts that the operator knows to be off: their servers are evacuated. */
    evacuate?: readonly string[];
    breakLock?: string;
    signal: AbortSignal;
    found: (finding: Finding) => void;
    doing: (what: string) => void;
    /** Called with the plan before anything is done. */
    planned: (view: ServersView) => void;
}

export interface ReattachResult {
    id: string;
    cured: string[];
    failed: string[];
    /** Deleted since they were planned; nothing is left to do for them. */
    gone: string[];
    /** Not begun, because too many had failed, the user interrupted, or their compute host is down. */
    notBegun: string[];
    byHand: string[];
}

/** Id of a run that was killed or failed: volumes that it has detached are in no new plan. */
export const unfinishedReattach = (section: string): string | undefined =>
    openJournalOf(REATTACH, section);

/**
 * Gives every server a connection to the active site again, a few at a time, and proves each by what Cinder then
 * stores. Goes on with a killed run's journal.
 * @throws ServersError, LockedError or JournalError before anything is changed
 */
export async function reattach(options: ReattachOptions): Promise<ReattachResult> {
    const { backend, cinder, nova, signal } = options;
    options.doing("looking at every attachment");
    const off = options.evacuate ?? [];
    const view = await lookAtServers(cinder, nova, options.topology, backend, signal, off);
    const { section, pool } = backend;
    const who = whoAmI();
    const open = unfinishedReattach(section);
    // Refuses wrong words before a journal is made.
    chosen(view.plans, open === undefined ? options.servers : []);
    const journal =
        open === undefined
            ? Journal.create({
                  id: newOperationId(REATTACH, section),
                  verb: REATTACH,
                  backend: section,
                  who,
                  version: options.version,
                  flags: {
                      ...options.source,
                      servers: options.servers,
                      batch: options.batch,
                      evacuate: options.evacuate,
                      breakLock: options.breakLock,
                  },
              })
            : Journal.resume(open, undefined, consentsSaid(options), options.breakLock);
    const site = new CephSite(view.active, options.topology.sites[view.active]);
    let lock: SiteLock | undefined;
    try {
        const owner = { id: journal.id, who, verb: begunOf(journal.entries).verb };
        lock = await SiteLock.take(site, pool, owner, options.breakLock);
        const { plans, waiting } = planOf(journal, view, options.servers);
        const all = [...plans, ...waiting];
        // The next run goes on with this entry's.
        journal.append({ kind: "planned", data: { active: view.active, plans: all } });
        const others = view.plans.filter((p) => !all.some(({ id }) => id === p.id));
        options.planned({ ...view, plans: [...plans, ...others] });
        const at = { ...options, journal, expected: view.expected };
        const result = await cureAll(options, at, plans);
        result.notBegun.push(...waiting.map(({ id }) => id));
        // One that is gone on with may look odd in the middle of its cure.
        const byHand = others
            .filter((plan) => plan.cure === "by hand" && isChosen(plan, options.servers))
            .map(({ id }) => id);
        end(journal, plans, result, byHand);
        return { id: journal.id, ...result, byHand };
    } catch (error) {
        const fact = wordsOf(error);
        journal.end({ outcome: open === undefined ? "refused" : "failed", fact, left: [] });
        throw error;
    } finally {
        await lock?.release();
        site.close();
        journal.close();
    }
}

type Outcome = Omit<ReattachResult, "id" | "byHand">;

async function cureAll(
    options: ReattachOptions,
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

function end(
    journal: Journal,
    plans: readonly ServerPlan[],
    { cured, failed, gone: deleted, notBegun }: Outcome,
    byHand: readonly string[],
): void {
    const open = failed.length + notBegun.length;
    journal.end({
        // What is by hand is nothing to go on with.
        outcome: open === 0 ? "done" : "partial",
        fact: `${String(cured.length)} of ${String(plans.length - deleted.length)} servers lead to the active site again`,
        left: [
            ...failed.map((id) => `server ${id} failed`),
            ...notBegun.map((id) => `server ${id} was not begun`),
            ...byHand.map((id) => `server ${id} must be seen to by hand`),
        ],
    });
}
