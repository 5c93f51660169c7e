import { wordsOf } from "../core/problem";
import { begunOf, type Source } from "../core/operation";
import { consentsSaid } from "../core/reportConsents";
import type { ServerPlan } from "../core/serverPlan";
import type { Backend, Topology } from "../core/topology";
import { backendKey, type LeadToBackend } from "./backendKey";
import { CephSite } from "./cephSite";
import type { Cinder } from "./cinder";
import { Journal } from "./journal";
import { newOperationId, whoAmI } from "./operator";
import { openJournalOf } from "./journalFolder";
import type { Nova } from "./nova";
import { lookAtServers, type ServersView } from "./servers";
import { cureAll, type CureOptions, type Outcome } from "./serversCure";
import { chosen, isChosen, planOf } from "./sessionPlan";
import { SiteLock } from "./siteLock";

export const REATTACH = "servers --reattach";

export interface ReattachOptions extends CureOptions {
    topology: Topology;
    backend: Backend;
    cinder: Cinder;
    nova: Nova;
    version: string;
    /** Kept by the journal, for the commands that go on. */
    source?: Source;
    /** Ids or names; empty for all that need it. */
    servers: readonly string[];
    /** Compute hosts that the operator knows to be off: their servers are evacuated. */
    evacuate?: readonly string[];
    breakLock?: string;
    /** Called with the plan before anything is done. */
    planned: (view: ServersView) => void;
}

/** What became of the servers of a run, by id. */
export interface ReattachResult extends Outcome {
    /** Of the operation. */
    id: string;
    byHand: string[];
}

/** Id of a run that was killed or failed: volumes that it has detached are in no new plan. */
export const unfinishedReattach = async (lead: LeadToBackend): Promise<string | undefined> =>
    openJournalOf(REATTACH, await backendKey(lead, lead.backend));

/**
 * Gives every server a connection to the active site again, a few at a time, and proves each by what Cinder then
 * stores. Goes on with a killed run's journal.
 * @throws ServersError, LockedError or JournalError before anything is changed
 */
export async function reattach(options: ReattachOptions): Promise<ReattachResult> {
    const { backend, cinder, nova, signal } = options;
    const own = await backendKey(options, backend);
    options.doing("looking at every attachment");
    const off = options.evacuate ?? [];
    const view = await lookAtServers(cinder, nova, options.topology, backend, signal, off);
    const { section, pool } = backend;
    const who = whoAmI();
    const open = openJournalOf(REATTACH, own);
    // Refuses wrong words before a journal is made.
    chosen(view.plans, open === undefined ? options.servers : []);
    const journal =
        open === undefined
            ? Journal.create({
                  id: newOperationId(REATTACH, section),
                  verb: REATTACH,
                  ...own,
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
        const { id, before, entries } = journal;
        const owner = { id, who, verb: begunOf(entries).verb, before };
        lock = await SiteLock.take(site, pool, owner, options.breakLock, options);
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
