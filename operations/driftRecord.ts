import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

import type { DriftItem } from "../core/drift/item";
import {
    NO_DRIFT,
    parseDriftRecord,
    printDriftRecord,
    renewRecord,
    type DriftRecord,
} from "../core/drift/record";

/** What was written, for the report. */
export interface Recorded {
    file: string;
    /** Parts of the topology that drifted. */
    parts: string[];
}

/** The record as it stands; an absent file is an empty one. @throws ProblemsError when it is none */
export function readDriftRecord(file: string): DriftRecord {
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return NO_DRIFT;
        throw error;
    }
    return parseDriftRecord(file, text);
}

const digestOf = (text: string): string =>
    createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Writes the record anew, whole or not at all. */
export function writeDriftRecord(
    file: string,
    before: DriftRecord,
    items: readonly DriftItem[],
): Recorded {
    const record = renewRecord(before, items, new Date().toISOString(), digestOf);
    const text = printDriftRecord(record);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
    return { file, parts: Object.keys(record.drifted).sort() };
}
