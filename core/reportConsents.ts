import { begunOf, type JournalEntry } from "./operation";

/** One consent's data, as the operator gave it. */
export interface Consented {
    /** The flag, e.g. `--accept-loss unreplicated=1`. */
    flag: string;
    /** What it allowed, one sentence. */
    means: string;
}

/** One consent, and who gave it when, if not at the begin. */
export interface ReportConsent extends Consented {
    /** Login name and machine. */
    who?: string;
    /** UTC, ISO 8601. */
    at?: string;
}

/** What an operator may say on a command line beside the goal. */
export interface Words {
    /** `name=count` each. */
    acceptLoss?: readonly string[];
    breakLock?: string;
    /** Compute hosts. */
    evacuate?: readonly string[];
    writeRows?: boolean | undefined;
    writeAllRows?: boolean;
    rbdMirrorStopped?: boolean;
    undoRows?: boolean;
    fenced?: string;
}

/** The words that are an operator's consent, as a report shows them. */
export function consentsSaid(words: Words): Consented[] {
    const { acceptLoss = [], evacuate = [], breakLock, rbdMirrorStopped, undoRows, fenced } = words;
    const said = (isSaid: boolean | undefined, flag: string, means: string): Consented[] =>
        isSaid === true ? [{ flag, means }] : [];
    return [
        ...acceptLoss.map((loss) => ({
            flag: `--accept-loss ${loss}`,
            means: "the loss of this name in the plan",
        })),
        ...evacuate.map((host) => ({
            flag: `--evacuate ${host}`,
            means: "this compute host is off: its servers are built anew elsewhere",
        })),
        ...said(
            fenced !== undefined,
            `--fenced '${fenced ?? ""}'`,
            "the primary cannot be written by any client",
        ),
        ...said(words.writeRows, "--write-rows", "rows are written where Cinder refuses"),
        ...said(
            words.writeAllRows,
            "--write-all-rows",
            "rows are written of every host, also where Cinder could move it",
        ),
        ...said(
            rbdMirrorStopped,
            "--rbd-mirror-stopped",
            "the operator has stopped the secondary's rbd-mirror",
        ),
        ...said(undoRows, "--undo-rows", "the rows that it wrote are put back"),
        ...said(
            breakLock !== undefined,
            `--break-lock ${breakLock ?? ""}`,
            "the lock of this operation is taken over: it is known to be gone",
        ),
    ];
}

/** What the flags of the begin allow beside the plan's consents, which have entries of their own. */
function saidAtBegin({ breakLock, mirrorStopped, evacuate }: Record<string, unknown>): Consented[] {
    return consentsSaid({
        ...(typeof breakLock === "string" ? { breakLock } : {}),
        ...(Array.isArray(evacuate) ? { evacuate: evacuate as string[] } : {}),
        rbdMirrorStopped: mirrorStopped === true,
    });
}

/** Every consent of an operation, in the order in which they were given. */
export function consentsIn(entries: readonly JournalEntry[]): ReportConsent[] {
    return entries.flatMap(({ kind, at, data }, n): ReportConsent[] => {
        if (n === 0) return saidAtBegin(begunOf(entries).flags);
        if (kind === "consented") return [data as Consented];
        if (kind !== "resumed") return [];
        const { who = "", said = [] } = (data ?? {}) as { who?: string; said?: Consented[] };
        // The plan, where one was made since, has the same word with what it meant.
        const planned = entries
            .slice(n)
            .flatMap((e) => (e.kind === "consented" ? [(e.data as Consented).flag] : []));
        return said
            .filter(({ flag }) => !planned.includes(flag))
            .map((word) => ({ ...word, who, at }));
    });
}
