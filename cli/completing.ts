import type { Begun, Source } from "../core/operation";
import { toShell } from "../core/shell";

/** Makes each command that a text names one that can be typed as it stands. */
export type Complete = (text: string) => string;

/** The words of this run that a next command needs as well. */
export interface RunWords extends Source {
    /** The backend that is spoken of; undefined where a command does not need it. */
    backend?: string | undefined;
    /** The operation that this run goes on with by another source than its journal's. */
    resumed?: string | undefined;
}

/** Verbs that ask where the topology is. `resume` does not: its journal says it. */
const SOURCED: readonly string[] = [
    ...["adopt", "rollout", "verify", "retire-user", "drift"],
    ...["status", "drill", "preflight", "failover", "servers", "failback"],
];
/** Those of them that move one backend, and ask which where there are several. */
const OF_ONE_BACKEND: readonly string[] = ["preflight", "failover", "failback"];

const COMMAND = /`cinder-dr ([a-z-]+)([^`]*)`/g;

/** Whether a `resume` means the operation of this run. Another one's journal must go by its own topology. */
function isResumed(resumed: string | undefined, words: string): boolean {
    const [, id = resumed] = /^ ([^-\s]\S*)/.exec(words) ?? [];
    return resumed !== undefined && id === resumed;
}

/** What decides and operates does not know how its run was called: it names short commands, completed where they are shown. */
export function completing({ stack, topology, backend, resumed }: RunWords): Complete {
    const sources = Object.entries({ stack, topology });
    const source = sources.flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name}`, value],
    );
    const ofBackend = backend === undefined ? [] : ["--backend", backend];
    return (text) =>
        text.replaceAll(COMMAND, (command, verb: string, words: string) => {
            const isSourced =
                SOURCED.includes(verb) || (verb === "resume" && isResumed(resumed, words));
            const more = [
                ...(isSourced && !/ --(?:stack|topology)\b/.test(words) ? source : []),
                ...(OF_ONE_BACKEND.includes(verb) && !/ --backend\b/.test(words) ? ofBackend : []),
            ];
            return more.length === 0 ? command : `${command.slice(0, -1)} ${toShell(more)}\``;
        });
}

/** Completes every text of a plain value. */
export function completeAll<T>(value: T, complete: Complete): T {
    if (typeof value === "string") return complete(value) as T;
    if (Array.isArray(value)) return value.map((one) => completeAll<unknown>(one, complete)) as T;
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.map(([key, one]) => [key, completeAll(one, complete)])) as T;
}

/** The source among flags, of this run or as a journal keeps them. */
export const sourceIn = ({ stack, topology }: Partial<Record<keyof Source, unknown>>): Source => ({
    ...(typeof stack === "string" ? { stack } : {}),
    ...(typeof topology === "string" ? { topology } : {}),
});

/** {@link completing} by a journal alone: how many backends its topology has is not known, so its own is always named. */
export const completingFor = ({ flags, backend }: Begun): Complete =>
    completing({ ...sourceIn(flags), backend });
