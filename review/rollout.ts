import { compareFacts, newNameOf, type Changes } from "./changes";
import { optionsIn, type DeclaredHost } from "./declared";
import type { Step } from "./steps";

/** What a push does to one host's cinder-volume. */
export interface Push {
    host: string;
    /**
     * `first`: restarts unless its cinder.conf says the same already. `repair`: restarts where what drifted needs it.
     * `no`: restarts only a service that has not read its files as they are now.
     */
    restart: "yes" | "no" | "first" | "repair";
    /** Sections whose options change. */
    sections: string[];
}

/** What `pulumi up` does to hosts, in its order. */
export interface Rollout {
    /** Pushes at once; a wave waits for all of the one before it. */
    waves: Push[][];
    /** Hosts that leave the stack: pushed last, in the opposite order; what their keys said before comes back. */
    removals: string[];
    /** Whether the stack says in which order; else its program's own dependencies decide. */
    isOrdered: boolean;
}

const COMMAND = "command:remote:Command";
const HOST = "cinder-dr:index:CinderHost";

/** Whether a resource is a Cinder host's component, or is made by one: the third part of a URN names the types. */
export const isOfHost = (urn: string): boolean =>
    (urn.split("::")[2] ?? "").includes("cinder-dr:index:CinderHost");

/** Whether a resource is of the Ceph side. */
export const isOfCeph = (urn: string): boolean =>
    (urn.split("::")[2] ?? "").includes("cinder-dr:index:CephMirroring");

type Pushed = ReadonlyMap<string, Push["restart"]>;

/** What stands before a drifted host's command, so that the engine sees a difference. */
const DRIFT = /^: drift-[0-9a-f]{16}; /;

const isOurs = ({ type }: Step): boolean => type.startsWith("cinder-dr:index:");

/** Whether one of our components is updated, by the engine's word, and shows the same on both sides. */
export const isConcealed = (step: Step): boolean =>
    step.op === "update" &&
    isOurs(step) &&
    step.diffs.length > 0 &&
    JSON.stringify(step.before?.inputs) === JSON.stringify(step.after?.inputs);

/** Hosts that read another section although it looks the same: a secret in it has changed. */
const readAnother = (steps: readonly Step[]): [string, Push["restart"]][] =>
    steps
        .filter((step) => step.type === HOST && isConcealed(step))
        .filter(({ diffs }) => diffs.some((path) => path.startsWith("stanzas")))
        .map(({ name }) => [name, "yes"]);

/** Hosts whose push runs, by the engine's own word, and whether it repairs what drifted. */
export const pushedIn = (steps: readonly Step[]): Map<string, Push["restart"]> =>
    new Map([
        ...steps
            .filter(({ type, op }) => type === COMMAND && op !== "same" && !op.startsWith("delete"))
            .filter(({ urn }) => isOfHost(urn))
            .map(({ name, after }): [string, Push["restart"]] => [
                name,
                DRIFT.test(String(after?.inputs.create)) ? "repair" : "no",
            ]),
        ...readAnother(steps),
    ]);

/** Sections of which the service would read something else than before. */
function changedSections(before: DeclaredHost | undefined, after: DeclaredHost): string[] {
    const sections = new Set([
        ...Object.keys(before?.stanzas ?? {}),
        ...Object.keys(after.stanzas),
    ]);
    return [...sections].filter((section) => {
        const [old, now] = [before?.stanzas[section], after.stanzas[section]];
        if (old === undefined || now === undefined) return true;
        return compareFacts(optionsIn(old), optionsIn(now)).length > 0;
    });
}

/** A host under another address, or another file of it, or one that was left out, may have nothing of ours yet. */
const isFirst = (before: DeclaredHost | undefined, after: DeclaredHost): boolean =>
    before === undefined ||
    before.facts.unreachable !== undefined ||
    before.facts.address !== after.facts.address ||
    before.facts.configFile !== after.facts.configFile;

function pushOf(host: string, { before, after }: Changes, pushed: Pushed): Push[] {
    const now = after.hosts.get(host);
    // One that is named as unreachable keeps what it has.
    if (now === undefined || now.facts.unreachable !== undefined) return [];
    const old = before.hosts.get(host);
    const sections = changedSections(old, now);
    if (isFirst(old, now)) return [{ host, restart: "first", sections }];
    if (sections.length > 0) return [{ host, restart: "yes", sections }];
    const restart = pushed.get(host);
    return restart === undefined ? [] : [{ host, restart, sections }];
}

/** @param pushed hosts whose push the engine runs, whether their sections change or not */
export function planRollout(changes: Changes, pushed: Pushed = new Map()): Rollout {
    const { before, after } = changes;
    const inOrder = after.waves.flat();
    // One that is named as unreachable has no turn, and is no reason to doubt the others'.
    const others = [...after.hosts.keys()].filter(
        (host) => !inOrder.includes(host) && after.hosts.get(host)?.facts.unreachable === undefined,
    );
    const waves = [...after.waves, others]
        .map((wave) => wave.flatMap((host) => pushOf(host, changes, pushed)))
        .filter((wave) => wave.length > 0);
    const gone = [...before.hosts.keys()].filter(
        (host) => !after.hosts.has(host) && newNameOf(host, changes) === undefined,
    );
    const last = before.waves.flat().reverse();
    return {
        waves,
        removals: gone.sort((a, b) => last.indexOf(a) - last.indexOf(b)),
        isOrdered: others.length === 0,
    };
}

export const restartsOf = ({ waves }: Rollout): Push[] =>
    waves.flat().filter(({ restart }) => restart !== "no");
