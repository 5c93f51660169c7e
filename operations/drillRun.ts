import {
    checkEnd,
    measured,
    rounded,
    type DrilledImage,
    type DrillPhase,
    type DrillReport,
} from "../core/drill";
import { wordsOf } from "../core/problem";
import type { Finding } from "../core/finding";
import type { Backend } from "../core/topology";
import type { CephSite } from "./cephSite";
import type { Cinder } from "./cinder";
import type { Candidate } from "./drillImages";
import { inParallel } from "./parallel";
import { InterruptedError } from "./wait";

export interface DrillOptions {
    id: string;
    who: string;
    sites: readonly [CephSite, CephSite];
    backend: Backend;
    cinder: Cinder;
    /** Names or ids of the volumes to drill. Defaults to all replicated ones of the backend. */
    volumes: readonly string[];
    /** The operator's own check, run on this machine once all clones are there. */
    check?: { command: string; seconds: number };
    /** Limit for a snapshot to reach the other site, in seconds. */
    replicateSeconds: number;
    /** Aborted when the user interrupts; clones and snapshots are still taken back. */
    signal: AbortSignal;
    /** Called after each phase. */
    phased: (phase: DrillPhase) => void;
    /** Called with each finding as soon as it is made. */
    found: (finding: Finding) => void;
    /** Called before each step that may take a while. */
    doing: (what: string) => void;
}

/** One run: what it works on and what it has seen. */
export class DrillRun {
    readonly phases: DrillPhase[] = [];
    readonly checks: DrillReport["checks"] = [];
    readonly leftoversRemoved: string[] = [];
    readonly left: string[] = [];
    readonly startedAt = new Date().toISOString();
    candidates: Candidate[] = [];
    lost: DrilledImage[] = [];

    constructor(readonly options: DrillOptions) {}

    get sites(): readonly [CephSite, CephSite] {
        return this.options.sites;
    }

    get images(): DrilledImage[] {
        return [...this.candidates.map(({ image }) => image), ...this.lost];
    }

    /** Those that nothing has gone wrong with yet. */
    get sound(): Candidate[] {
        return this.candidates.filter(({ image }) => image.fault === undefined);
    }

    async phase(name: DrillPhase["name"], work: () => Promise<void>): Promise<void> {
        const start = performance.now();
        try {
            await work();
        } finally {
            const seconds = rounded((performance.now() - start) / 1000);
            this.phases.push({ name, seconds });
            this.options.phased({ name, seconds });
        }
    }

    /** Does one step on every sound image; an image's failure is its own, and the others go on. */
    async onEach(what: string, limit: number, work: (at: Candidate) => Promise<void>) {
        const { signal, doing } = this.options;
        const todo = this.sound;
        let done = 0;
        const show = () => {
            doing(`${what}: ${String(done)} of ${String(todo.length)}`);
        };
        show();
        await inParallel(todo, limit, signal, async (candidate) => {
            try {
                await work(candidate);
            } catch (error) {
                if (error instanceof InterruptedError) throw error;
                candidate.image.fault = wordsOf(error);
            }
            done++;
            show();
        });
    }

    report(): DrillReport {
        const { images, checks, phases, leftoversRemoved, left, startedAt } = this;
        const { id, who, backend } = this.options;
        const ok =
            images.length > 0 &&
            images.every(({ fault }) => fault === undefined) &&
            checks.every(({ exitCode }) => exitCode === 0) &&
            left.length === 0;
        return {
            verb: "drill",
            id,
            who,
            startedAt,
            endedAt: new Date().toISOString(),
            backend: backend.section,
            ok,
            images,
            checks,
            phases,
            ...measured(images, phases),
            leftoversRemoved,
            left,
        };
    }
}

/** Says of each image and check what came of it. */
export function tell(run: DrillRun): void {
    const { found, backend } = run.options;
    if (run.images.length === 0)
        found({
            state: "problem",
            subject: backend.section,
            fact: "has no replicated volume: nothing can be drilled",
            next: "make a volume of a replicated type, or look at `cinder-dr verify`",
        });
    for (const image of run.images) {
        const subject = image.volumeName ?? image.image;
        const name = image.volumeName === undefined ? "" : `${image.image} `;
        if (image.fault === undefined)
            found({
                state: "ok",
                subject,
                fact: `${name}proven on ${image.to}, behind by at most ${(image.rpoSeconds ?? 0).toFixed(1)} s`,
            });
        else
            found({
                state: "problem",
                subject,
                fact: `${name}${image.fault}`,
                next: `look at \`rbd mirror image status ${image.pool}/${image.image}\` on both sites`,
            });
    }
    for (const check of run.checks) {
        const { command, exitCode, site, seconds } = check;
        found(
            exitCode === 0
                ? {
                      state: "ok",
                      subject: "check",
                      fact: `\`${command}\` passed on ${site}`,
                      seconds,
                  }
                : {
                      state: "problem",
                      subject: "check",
                      fact: `\`${command}\` on ${site} ${checkEnd(check)}`,
                      next:
                          check.fault === undefined
                              ? "read what it printed"
                              : "mend that; of E2BIG drill fewer volumes at a time, with --volume",
                      seconds,
                  },
        );
    }
}
