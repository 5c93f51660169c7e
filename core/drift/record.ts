import { z } from "zod";

import { ProblemsError, shown } from "../problem";
import { isRepairedByUp, type DriftItem } from "./item";

/** What drifted in one part of the topology, as the file keeps it: names and a digest, no values. */
export interface DriftEntry {
    /** When it was seen, ISO 8601. */
    at: string;
    /** What makes the next preview show an update; absent when `pulumi up` repairs nothing of it. */
    digest?: string;
    /** What `pulumi up` repairs. */
    repairs: string[];
    /** What it does not. */
    byHand: string[];
}

/** `cinder-dr.drift.<stack>.json`: one entry for each part that drifted, so that an undrifted one shows no difference. */
export interface DriftRecord {
    version: 1;
    /** By path in the topology, e.g. `hosts.cinder-a`. */
    drifted: Record<string, DriftEntry>;
}

export const NO_DRIFT: DriftRecord = { version: 1, drifted: {} };

/** Name of the file beside a stack's `Pulumi.<stack>.yaml`. */
export const driftFileName = (stack: string): string => `cinder-dr.drift.${stack}.json`;

const record = z.strictObject({
    version: z.literal(1),
    drifted: z.record(
        z.string(),
        z.strictObject({
            at: z.string(),
            digest: z
                .string()
                // It becomes a word of a command line.
                .regex(/^[0-9a-f]{16}$/)
                .optional(),
            repairs: z.array(z.string()),
            byHand: z.array(z.string()),
        }),
    ),
});

/**
 * @param file how errors call it
 * @throws ProblemsError when it is not what `cinder-dr drift --record` writes
 */
export function parseDriftRecord(file: string, text: string): DriftRecord {
    const problem = (propertyPath: string, reason: string) =>
        new ProblemsError(file, [{ propertyPath, reason }]);
    let given: unknown;
    try {
        given = JSON.parse(text);
    } catch {
        throw problem("", "must be JSON as `cinder-dr drift --record` writes it");
    }
    const { data, error } = record.safeParse(given);
    const issue = error?.issues[0];
    if (issue !== undefined)
        throw problem(
            issue.path.join("."),
            `must be as \`cinder-dr drift --record\` writes it (${issue.message}), got ${shown(issue.input)}`,
        );
    return data as DriftRecord;
}

/** Sorted and indented, so that a pull request shows one part a block. */
export const printDriftRecord = (given: DriftRecord): string =>
    `${JSON.stringify(
        { version: 1, drifted: Object.fromEntries(Object.entries(given.drifted).sort()) },
        undefined,
        4,
    )}\n`;

/**
 * The record after a look. A part that could not be seen keeps its entry: nothing is known to have changed. The time
 * is part of the digest, so that the same drift coming back after its repair is an update again.
 * @param at ISO 8601
 * @param digestOf 16 hex digits of a text
 */
export function renewRecord(
    before: DriftRecord,
    items: readonly DriftItem[],
    at: string,
    digestOf: (text: string) => string,
): DriftRecord {
    const drifted: Record<string, DriftEntry> = {};
    for (const part of new Set(items.map((item) => item.part))) {
        const ofPart = items.filter((item) => item.part === part);
        const found = ofPart.filter((item) => item.state === "drifted");
        const kept = before.drifted[part];
        if (found.length === 0) {
            if (kept !== undefined && ofPart.some((item) => item.state === "cannot see"))
                drifted[part] = kept;
            continue;
        }
        const byUp = found.filter(isRepairedByUp);
        const subjects = (of: readonly DriftItem[]) => of.map((item) => item.subject).sort();
        drifted[part] = {
            at,
            ...(byUp.length === 0
                ? {}
                : {
                      digest: digestOf(
                          JSON.stringify([part, at, byUp.map((i) => [i.subject, i.found])]),
                      ),
                  }),
            repairs: subjects(byUp),
            byHand: subjects(found.filter((item) => !isRepairedByUp(item))),
        };
    }
    return { version: 1, drifted };
}
