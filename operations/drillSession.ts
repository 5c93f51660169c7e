import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { wordsOf } from "../core/problem";
import { shownCheck, type DrillReport } from "../core/drill";
import { renderDrill } from "../core/drillReport";
import type { BackendKey } from "../core/backendKey";
import type { Source } from "../core/operation";
import type { Topology } from "../core/topology";
import { backendKey } from "./backendKey";
import { CephSite } from "./cephSite";
import { drill } from "./drill";
import type { DrillOptions } from "./drillRun";
import { DrillError } from "./drillVolumes";
import { Journal } from "./journal";
import { newOperationId, whoAmI } from "./operator";
import { JournalError, makeFolder, openJournalOf } from "./journalFolder";
import { SiteLock } from "./siteLock";

const VERB = "drill";

export interface DrillSession extends Omit<DrillOptions, "id" | "who" | "sites" | "phased"> {
    topology: Topology;
    version: string;
    /** Kept by the journal, for the commands that go on. */
    source?: Source;
    /** Folder of the report's two files; made when it is not there. */
    reports: string;
    /** Id of the operation whose lock may be taken over, by the operator's word. */
    breakLock?: string;
}

/** Two clusters, or the drill would prove a copy on one and the same. */
async function differ([a, b]: readonly [CephSite, CephSite]): Promise<void> {
    const [one, two] = await Promise.all([a.fsid(), b.fsid()]);
    for (const [at, seen] of [
        [a, one],
        [b, two],
    ] as const)
        if (at.site.fsid !== undefined && at.site.fsid !== seen)
            throw new DrillError(
                `site ${at.site.name}: fsid is '${seen}', must be '${at.site.fsid}': correct adminHost, conf or fsid of the site`,
            );
    if (one === two)
        throw new DrillError(
            `sites ${a.site.name} and ${b.site.name} are one cluster (fsid ${one}): correct adminHost or conf`,
        );
}

const resume = (id: string, broken?: string): Journal => {
    try {
        return Journal.resume(id, undefined, [], broken);
    } catch (error) {
        if (error instanceof JournalError) throw new DrillError(`drill ${id}: ${error.message}`);
        throw error;
    }
};

/**
 * Closes the journal of a drill that was killed.
 * @param word id of the operation whose lock may be taken over, by the operator's word
 * @returns id of the operation whose lock may be taken over
 * @throws DrillError when that drill still runs, or may on another machine
 */
function closeKilled(own: BackendKey, now: string, word?: string): string | undefined {
    const killed = openJournalOf(VERB, own);
    if (killed === undefined || (word !== undefined && word !== killed)) return word;
    const journal = resume(killed, word);
    journal.end({ outcome: "abandoned", fact: `drill ${now} takes away what it left`, left: [] });
    journal.close();
    return killed;
}

/** Markdown for people, JSON for programs; readable by their owner only, since they name volumes of all projects. */
function write(folder: string, report: DrillReport): string[] {
    makeFolder(folder);
    const files = [`${report.id}.md`, `${report.id}.json`].map((name) => join(folder, name));
    const [markdown = "", json = ""] = files;
    writeFileSync(markdown, renderDrill(report), { mode: 0o600 });
    writeFileSync(json, `${JSON.stringify(report, null, 4)}\n`, { mode: 0o600 });
    return files;
}

/**
 * Writes the report and ends the journal. A disk that is full by then takes nothing away from what was drilled: it is told.
 * @returns the report's files, none where they could not be written
 */
export function keepReport(
    journal: Journal,
    { reports, found }: Pick<DrillSession, "reports" | "found">,
    report: DrillReport,
): string[] {
    let files: string[] = [];
    const kept = (subject: string, keep: () => void): void => {
        try {
            keep();
        } catch (error) {
            found({
                state: "problem",
                subject,
                fact: wordsOf(error),
                next: "make room there; `cinder-dr drill --json` prints the report as well",
            });
        }
    };
    kept("report", () => {
        files = write(reports, report);
    });
    kept("journal", () => {
        journal.append({ kind: "noted", step: "report", data: { files, ok: report.ok } });
        journal.end(endOf(report));
    });
    return files;
}

function endOf(report: DrillReport): Parameters<Journal["end"]>[0] {
    const proven = report.images.filter(({ fault }) => fault === undefined).length;
    return {
        // A drill that found a problem is done: nothing of it is to be gone on with.
        outcome: "done",
        fact: `${String(proven)} of ${String(report.images.length)} images proven, ${report.ok ? "passed" : "not passed"}`,
        left: report.left,
    };
}

/**
 * Drills one backend under the lock of both sites, with a journal and a report.
 * @returns the report, and the files it was written to
 * @throws LockedError when another operation runs, JournalError, and what {@link drill} throws
 */
export async function drillSession(
    session: DrillSession,
): Promise<{ report: DrillReport; files: string[] }> {
    const { topology, version, source, breakLock, ...rest } = session;
    const { section, pool } = rest.backend;
    const [who, id] = [whoAmI(), newOperationId(VERB, section)];
    const { primary, secondary } = topology.sites;
    const sites = [new CephSite("primary", primary), new CephSite("secondary", secondary)] as const;
    const own = await backendKey({ cinder: rest.cinder, topology }, rest.backend);
    const broken = closeKilled(own, id, breakLock);
    const check = rest.check === undefined ? undefined : shownCheck(rest.check.command);
    const flags = { ...source, volumes: rest.volumes, check, breakLock };
    const journal = Journal.create({ id, verb: VERB, ...own, who, version, flags });
    const locks: SiteLock[] = [];
    try {
        await differ(sites);
        // In one order for everybody: of two drills one gets both.
        for (const at of [sites[1], sites[0]])
            locks.push(await SiteLock.take(at, pool, { id, who, verb: VERB }, broken, rest));
        const report = await drill({
            ...rest,
            id,
            who,
            sites,
            phased: ({ name, seconds }) => {
                journal.append({ kind: "done", step: name, seconds });
            },
        });
        return { report, files: keepReport(journal, session, report) };
    } catch (error) {
        const fact = wordsOf(error);
        journal.end({ outcome: "refused", fact, left: [] });
        throw error;
    } finally {
        for (const lock of locks) await lock.release();
        for (const at of sites) at.close();
        journal.close();
    }
}
