import type { Blocker } from "./blocker";
import { blockersOf } from "./blockers";
import type { VolumeStatus } from "./status";
import { replicated, type Move, type Survey } from "./survey";
import type { Role } from "./topology/site";
import { witnesses } from "./witnesses";

/** The one line that answers the question. */
export interface Verdict {
    backend: string;
    active: string;
    protected: number;
    replicated: number;
    volumes: number;
    /** Bound in seconds on what is lost if the active site is lost now; undefined when it cannot be known. */
    rpoSeconds?: number;
    mayPlanned: boolean;
    mayForced: boolean;
    /** The primary answers, so a forced failover asks for `--fenced`. */
    forcedNeedsFence: boolean;
    mayFailback: boolean;
    why: Record<"planned" | "forced" | "failback", string>;
}

const why = (blockers: readonly Blocker[], move: Move): string =>
    blockers.length === 0
        ? ""
        : `${blockers[0]?.subject ?? ""} ${blockers[0]?.fact ?? ""}${blockers.length > 1 ? ` (and ${String(blockers.length - 1)} more: \`cinder-dr preflight ${move}\`)` : ""}`;

/** What the status of all volumes comes to. */
export function verdictOf(
    survey: Survey,
    volumes: readonly VolumeStatus[],
    active: Role | undefined,
): Verdict {
    const replicatedIds = new Set(replicated(survey).map(({ volume }) => volume.id));
    const moved = volumes.filter(({ id }) => replicatedIds.has(id));
    // What is not protected is lost whole; the bound is for the rest.
    const seconds = moved.filter((v) => v.protected).map(({ lag }) => lag.seconds);
    const bound =
        seconds.length > 0 && seconds.every((s) => s !== undefined)
            ? Math.max(...seconds)
            : undefined;
    const stopping = (move: Move) => blockersOf(survey, move).filter(({ settles }) => !settles);
    const blocked = {
        planned: stopping("planned"),
        forced: stopping("forced"),
        failback: stopping("failback"),
    };
    return {
        backend: survey.backend.section,
        active: active === undefined ? "not agreed on" : survey.names[active],
        protected: moved.filter((v) => v.protected).length,
        replicated: moved.length,
        volumes: volumes.length,
        ...(bound === undefined ? {} : { rpoSeconds: bound }),
        mayPlanned: blocked.planned.length === 0,
        mayForced: blocked.forced.length === 0,
        forcedNeedsFence: witnesses(survey).length > 0,
        mayFailback: blocked.failback.length === 0,
        why: {
            planned: why(blocked.planned, "planned"),
            forced: why(blocked.forced, "forced"),
            failback: why(blocked.failback, "failback"),
        },
    };
}

/** `ceph: active on paris; protected 12 of 12; RPO now 3.0 s; may fail over planned; …` */
export function verdictLine(verdict: Verdict): string {
    const plain = verdict.volumes - verdict.replicated;
    const move = (may: boolean, name: string, reason: string) =>
        may ? `may ${name}` : `may not ${name}: ${reason}`;
    const fence = verdict.mayForced && verdict.forcedNeedsFence ? " only with --fenced" : "";
    return [
        `${verdict.backend}: active on ${verdict.active}`,
        `protected ${String(verdict.protected)} of ${String(verdict.replicated)} replicated volumes${plain > 0 ? `, ${String(plain)} more not replicated` : ""}`,
        `RPO now ${verdict.rpoSeconds === undefined ? "not known" : `at most ${verdict.rpoSeconds.toFixed(1)} s`}`,
        move(verdict.mayPlanned, "fail over planned", verdict.why.planned),
        move(verdict.mayForced, `fail over forced${fence}`, verdict.why.forced),
        ...(verdict.mayFailback ? ["may fail back"] : []),
    ].join("; ");
}
