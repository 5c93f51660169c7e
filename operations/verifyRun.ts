import type { Finding } from "../core/finding";
import type { Topology } from "../core/topology";
import type { CephSite } from "./cephSite";
import type { Cinder } from "./cinder";

export interface VerifyOptions {
    topology: Topology;
    cinder: Cinder;
    /** Backends to look at. Defaults to all. */
    backend?: string;
    /** Aborted when the user interrupts; the probe is still cleaned up. */
    signal: AbortSignal;
    /** Called with each finding as soon as it is made. */
    found: (finding: Finding) => void;
    /** Called before each step that may take a while. */
    doing: (what: string) => void;
}

/** A verify under way. */
export interface VerifyRun extends VerifyOptions {
    primary: CephSite;
    secondary: CephSite;
}

/** Runs one step and reports what it saw with its time. */
export async function step<T>(
    run: VerifyRun,
    subject: string,
    what: string,
    see: () => Promise<T>,
    fact: (seen: T) => string,
) {
    run.doing(`${subject}: ${what}`);
    const start = performance.now();
    const seen = await see();
    const seconds = Math.round(performance.now() - start) / 1000;
    run.found({ state: "ok", subject, fact: fact(seen), seconds });
    return seen;
}
