import { cinderFaults, servedAgain, type Elsewhere, type ImageFault } from "./cinderFaults";
import {
    isReplicated,
    isSeen,
    isUnflushed,
    isWholeOnPrimary,
    lagOf,
    type ImageView,
    type Pair,
    type PoolView,
    type Views,
} from "./replica";
import { otherSide } from "./service";
import type { Role } from "./topology/site";

/** rbd-mirror publishes every 30 s; three missed times are no delay. */
export const STALE_SECONDS = 95;

/** What the two sites say of each other. @param isWhole whether the other site has it whole, and alone */
function roleFaults(
    here: ImageView,
    there: ImageView | undefined,
    names: Names,
    isWhole: boolean,
): ImageFault[] {
    const broken = [here, there].find((image) => /split-brain/.test(image?.description ?? ""));
    if (broken !== undefined)
        return [
            {
                kind: "splitBrain",
                fact: `split-brain: both sites have writes that the other lacks (${broken.description})`,
                next: `decide which side to keep; to keep ${names.active}: ${names.resync}`,
            },
        ];
    if (there === undefined) return [];
    if (here.primary && there.primary)
        return [
            {
                kind: "twoPrimaries",
                fact: `primary on both sites: each takes writes, and neither is replicated, though both pools say health OK`,
                next: `stop every writer on ${names.other}; to keep ${names.active}: ${names.resync}`,
            },
        ];
    if (!here.primary && there.primary)
        return [
            {
                kind: "wrongPrimary",
                fact: `primary on ${names.other}, while Cinder serves it from ${names.active}`,
                next: isWhole
                    ? servedAgain(names.other)
                    : "`cinder-dr resume` if an operation was cut short, else promote it where Cinder serves it",
            },
        ];
    if (!here.primary)
        return [
            {
                kind: "noPrimary",
                fact: "primary nowhere: it cannot be written",
                next: "`cinder-dr resume` if an operation was cut short, else promote it where Cinder serves it",
            },
        ];
    return [];
}

interface Names {
    active: string;
    other: string;
    /** How the copy on the other side is thrown away. */
    resync: string;
}

/** A failback resyncs the designed primary alone: a copy on the secondary is never thrown away by this project. */
const resyncOf = ({ volume }: Pair, active: Role, other: string): string =>
    active === "secondary"
        ? `\`cinder-dr failback --resync-only\` demotes and resyncs it on ${other}, with consent`
        : `\`cinder-dr resume\` if a failover was cut short; else on ${other}, \`rbd mirror image demote\` where it is primary, then \`rbd mirror image resync\`, of ${volume.image}: what only it has is lost`;

function replayFaults(
    here: ImageView,
    there: ImageView | undefined,
    view: PoolView,
    names: Names,
): ImageFault[] {
    const look = `see \`rbd mirror pool status --verbose\` on ${names.other}`;
    if (there === undefined)
        return [
            { kind: "missing", fact: `there is no mirrored image on ${names.other}`, next: look },
        ];
    if (there.state !== "up+replaying")
        return [
            {
                kind: "notReplaying",
                fact: `${there.state} on ${names.other}${there.description === "" ? "" : `: ${there.description.slice(0, 120)}`}`,
                next: `rbd-mirror must run on ${names.other} and reach ${names.active}; ${look}`,
            },
        ];
    const age = view.now - there.lastUpdate;
    if (age > STALE_SECONDS)
        return [
            {
                kind: "stale",
                fact: `its status on ${names.other} is ${String(Math.round(age))} s old: rbd-mirror there no longer reports`,
                next: look,
            },
        ];
    const entries = lagOf(here, there)?.entries ?? 0;
    if (isUnflushed(here, there))
        return [
            {
                kind: "unflushed",
                fact: `${String(entries)} journal entries not confirmed by ${names.other}, though nothing was written since it last reported`,
                next: "the image's next flush has rbd-mirror confirm them; a planned failover and a failback flush what nobody has open",
            },
        ];
    if (entries > 0)
        return [
            {
                kind: "behind",
                fact: `${String(entries)} journal entries behind on ${names.other}`,
                next: "wait; writers must stop before a planned failover",
            },
        ];
    return [];
}

/** What the side that is not active has of a volume. */
function elsewhereOf(pair: Pair, active: Role, views: Views): Elsewhere {
    const view = views[otherSide(active)];
    if (!isSeen(view)) return "unseen";
    if (active === "secondary" && isWholeOnPrimary(pair, views)) return "whole";
    if (pair[otherSide(active)] !== undefined) return "mirrored";
    return view.all.includes(pair.volume.image) ? "plain" : "nothing";
}

/**
 * Everything that is wrong with one volume. A site that could not be seen is nothing an image is to blame for: what
 * depends on it is left out.
 * @param names of the sites, by role
 */
export function imageFaults(
    pair: Pair,
    active: Role,
    views: Views,
    names: Record<Role, string>,
): ImageFault[] {
    const [activeView, otherView] = [views[active], views[otherSide(active)]];
    const [here, there] = [pair[active], pair[otherSide(active)]];
    const other = names[otherSide(active)];
    const called = { active: names[active], other, resync: resyncOf(pair, active, other) };
    if (!isSeen(activeView)) return [];
    const exists = activeView.all.includes(pair.volume.image);
    const elsewhere = elsewhereOf(pair, active, views);
    const found = cinderFaults(pair, here, exists, { ...called, role: active, elsewhere });
    if (here === undefined || !isReplicated(pair.volume)) return found;
    if (!here.journal)
        found.push({
            kind: "snapshotMode",
            fact: "mirrored by snapshots; Cinder's driver knows journals only",
            next: "disable mirroring of the image and retype the volume",
        });
    if (!isSeen(otherView)) return found;
    const roles = roleFaults(here, there, called, elsewhere === "whole");
    return roles.length > 0
        ? [...found, ...roles]
        : [...found, ...replayFaults(here, there, otherView, called)];
}

/** It is replicated, and only late. */
export const isLate = ({ kind }: ImageFault): boolean => kind === "behind" || kind === "unflushed";

/** Faults that leave a volume protected: it is only late, or its data is whole and Cinder's word is not. */
export const isProtected = (pair: Pair, faults: readonly ImageFault[]): boolean =>
    isReplicated(pair.volume) &&
    faults.every((fault) => isLate(fault) || fault.kind === "cinderError");
