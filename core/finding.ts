/** ok: as expected; warning: may need a look; problem: needs action. */
export type State = "ok" | "warning" | "problem";

/** One thing that an operation saw. */
export interface Finding {
    state: State;
    /** What it is about, e.g. a volume type's name. */
    subject: string;
    /** What was seen, in the field's words. */
    fact: string;
    /** What to do about it; given for every problem. */
    next?: string;
    /** How long it took to see. */
    seconds?: number;
}

/** `3 ok, 0 warning, 1 problem` */
export function summarize(findings: readonly Finding[]): string {
    const count = (state: State) => findings.filter((f) => f.state === state).length;
    return `${String(count("ok"))} ok, ${String(count("warning"))} warning, ${String(count("problem"))} problem`;
}

export const isSound = (findings: readonly Finding[]): boolean =>
    findings.every((finding) => finding.state !== "problem");
