/** How a host's last push ended; `result.json` of `host/apply.py`, as far as it is looked at here. */
export interface PushResult {
    outcome: string;
    step: string;
    reason: string;
    next: string;
    /** When it ended, UTC. */
    at: string;
    pid: number | null;
    protected: boolean | null;
    /** What is wrong on the host and was left as it is. A push of before 0.1.0 says none. */
    warnings?: string[];
}

/** What `host/apply.py report` answers. */
export interface HostReport {
    result: PushResult | null;
    /** Whether that push was asked for what the topology asks for now. */
    asked: boolean;
    /** Phase of a change that is not proven yet. */
    pending: string | null;
    /** Who pushes the host at this moment. */
    holder: string | null;
    problem: string | null;
}

export type Standing =
    | "unchanged"
    | "changed"
    | "restarted"
    | "rolled back"
    | "refused"
    | "failed"
    | "under way"
    | "cut off"
    | "not applied"
    | "not reached";

/** Where one host of the rollout stands. */
export interface HostStanding {
    host: string;
    standing: Standing;
    /** One sentence. */
    fact: string;
    /** What to do; "" when nothing is. */
    next: string;
    /** When the last push ended, UTC. */
    at?: string;
    /** Whether every replication target was reached from the host. */
    protected?: boolean;
}

const UP = "run `pulumi up`";
const DONE: readonly string[] = ["unchanged", "changed", "restarted"];
const FAILED: Readonly<Record<string, Standing>> = {
    "rolled-back": "rolled back",
    refused: "refused",
    failed: "failed",
};

/** Where a host stands that answered. */
export function standingOf(host: string, report: HostReport): HostStanding {
    const { result, asked, pending, holder, problem } = report;
    if (problem !== null) return { host, standing: "failed", fact: problem, next: "" };
    if (holder !== null)
        return { host, standing: "under way", fact: `pushed now (${holder})`, next: "" };
    if (pending !== null)
        return {
            host,
            standing: "cut off",
            fact: `the last push ended while ${pending}`,
            next: UP,
        };
    if (result === null)
        return { host, standing: "not applied", fact: "it was never pushed", next: UP };
    const { at, outcome, step, reason, next } = result;
    const seen = result.protected === null ? {} : { protected: result.protected };
    const failed = FAILED[outcome];
    if (failed !== undefined)
        return { host, standing: failed, fact: `${step}: ${reason}`, next, at, ...seen };
    const warnings = (result.warnings ?? []).map((warning) => `; ${warning}`).join("");
    const says = `its last push ${outcome === "unchanged" ? "found it unchanged" : `ended ${outcome}`}${warnings}`;
    if (!DONE.includes(outcome) || !asked)
        return {
            host,
            standing: "not applied",
            fact: `${says}, of another topology`,
            next: UP,
            at,
            ...seen,
        };
    return { host, standing: outcome as Standing, fact: says, next: "", at, ...seen };
}

export const isApplied = ({ standing }: HostStanding): boolean => DONE.includes(standing);

/** What a push says in its result line that a reader of `pulumi up` must know: a success shows nothing else. */
export function warningsIn(stdout: string): string[] {
    const line = /^CINDER_DR_RESULT (.*)$/m.exec(stdout)?.[1];
    if (line === undefined) return [];
    const { warnings = [] } = JSON.parse(line) as { warnings?: string[] };
    return warnings;
}
