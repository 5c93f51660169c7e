import { appendFileSync, readFileSync } from "node:fs";

import { it } from "mocha";

/** What a fault came to: the last three columns of the matrix. */
export interface Seen {
    /** The sentence that the user read. */
    saw: string;
    /** File and service of the host right after the fault. */
    after: string;
    /** What the next run did. */
    next: string;
}

interface Row extends Seen {
    number: number;
    fault: string;
}

const rows: Row[] = [];
const declared = new Set<number>();

/** The faults that the matrix is to hold: those of hosts, files, services, engine and input. */
const EXPECTED = [
    ...Array.from({ length: 41 }, (_, i) => i + 1),
    ...Array.from({ length: 13 }, (_, i) => i + 59),
];

const missingRows = (): number[] => EXPECTED.filter((number) => !declared.has(number));

/** One row of the matrix as one test; what it answers is printed when all tests have run. */
export function row(number: number, fault: string, run: () => Promise<Seen>): Mocha.Test {
    declared.add(number);
    return it(`${String(number).padStart(2)}: ${fault}`, async () => {
        rows.push({ number, fault, ...(await run()) });
    });
}

/** A row that no push can show: the table says why, and where it is shown. */
export function elsewhere(number: number, fault: string, why: string): void {
    declared.add(number);
    rows.push({ number, fault, saw: why, after: "-", next: "-" });
}

const cell = (text: string, width: number): string => {
    const line = text.replace(/\s+/g, " ").replaceAll("|", "/").trim();
    return line.length > width ? `${line.slice(0, width - 1)}…` : line;
};

/** The rest of the matrix runs in labs beside this one: whoever ends last has the rows of all. */
export function joinRows(file = process.env.CINDER_DR_MATRIX): void {
    if (file === undefined) return;
    appendFileSync(file, `${JSON.stringify({ rows, declared: [...declared] })}\n`);
    const parts = readFileSync(file, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { rows: Row[]; declared: number[] });
    rows.splice(0, rows.length, ...parts.flatMap((part) => part.rows));
    for (const number of parts.flatMap((part) => part.declared)) declared.add(number);
}

/** The matrix, a line a row: fault, what the user saw, state afterwards, next run. */
export function matrix(): string {
    const sorted = [...rows].sort((a, b) => a.number - b.number);
    const lines = sorted.map(
        ({ number, fault, saw, after, next }) =>
            `| ${String(number).padStart(2)} | ${cell(fault, 60)} | ${cell(saw, 170)} | ${cell(after, 60)} | ${cell(next, 60)} |`,
    );
    return [
        "|  # | fault | what the user saw | host and service afterwards | next run |",
        "| -- | ----- | ----------------- | --------------------------- | -------- |",
        ...lines,
        `rows of the list without a line here: ${missingRows().join(", ") || "none"}`,
    ].join("\n");
}
