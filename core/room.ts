import { blocker, type Blocker } from "./blocker";
import type { Finding } from "./finding";
import { isSeen, type PoolView } from "./replica";
import type { Survey } from "./survey";
import { ROLES, type Role } from "./topology/site";

interface Trouble {
    fact: string;
    next: string;
}

const WAITS = "each write waits, the lock of a move first";

/** What keeps the writes of a pool waiting, by the flags that its cluster names; undefined where nothing does. */
export function stoppedWrites(
    flags: readonly string[],
    pool: string,
    named = `pool '${pool}'`,
    waits = WAITS,
): Trouble | undefined {
    if (flags.includes("pausewr"))
        return {
            fact: `its cluster has the flag pausewr: ${waits}`,
            next: "`ceph osd unset pause`",
        };
    // A pool that has reached its quota has both flags, and room on its OSDs would not help it.
    if (flags.includes("full_quota"))
        return {
            fact: `${named} is full (running out of quota): ${waits}`,
            next: `\`ceph osd pool set-quota ${pool} max_bytes 0\` (and max_objects 0), a higher one, or delete`,
        };
    if (flags.includes("full"))
        return {
            fact: `${named} is full (no space): ${waits}`,
            next: "`ceph osd set-full-ratio 0.97` for the moment; then add OSDs or delete",
        };
    return undefined;
}

/** What will soon: Ceph's writes go on up to full. */
function scarceRoom(flags: readonly string[], named: string): Trouble | undefined {
    const flag = ["backfillfull", "nearfull"].find((one) => flags.includes(one));
    if (flag === undefined) return undefined;
    return {
        fact: `${named} is ${flag}: once it is full, writes wait and no move begins`,
        next: "add OSDs or delete",
    };
}

/** One pool's trouble: what stops its writes, else what soon will. */
interface Room {
    stops?: Trouble;
    scarce?: Trouble;
}

/** The backend's pool, and those in which its images keep their data: locks and journals are in the first alone. */
function roomsOf({ flags: { list = [], data = {} } }: PoolView, own: string): Room[] {
    const room = (flags: readonly string[], pool: string, named: string, waits: string): Room => {
        const stops = stoppedWrites(flags, pool, named, waits);
        const scarce = scarceRoom(flags, named);
        if (stops !== undefined) return { stops };
        return scarce === undefined ? {} : { scarce };
    };
    return [
        room(list, own, `pool '${own}'`, WAITS),
        ...Object.entries(data).map(([pool, flags]) =>
            room(flags, pool, `data pool '${pool}'`, "each write to its images waits"),
        ),
    ];
}

const subjectOf = ({ names }: Survey, role: Role): string => `site ${names[role]}`;

/** @param role a side that the move writes to */
export function roomBlockers(survey: Survey, role: Role): Blocker[] {
    const view = survey.views[role];
    if (!isSeen(view)) return [];
    return roomsOf(view, survey.backend.pool).flatMap(({ stops }) =>
        stops === undefined ? [] : [blocker(subjectOf(survey, role), stops.fact, stops.next)],
    );
}

/** Why not everything about a side's room is known. */
function unseenRoom({ flags: { list, error } }: PoolView): Trouble[] {
    if (error === undefined) return [];
    const needs = list === undefined ? "mon 'allow r'" : "osd 'profile rbd' on the pool";
    return [
        {
            fact: `whether it is full cannot be seen: ${error}`,
            next: `the Ceph user needs ${needs}`,
        },
    ];
}

/** What is scarce on a side that can still be written. */
export function roomWarnings(survey: Survey, role: Role): Finding[] {
    const view = survey.views[role];
    if (!isSeen(view)) return [];
    const scarce = roomsOf(view, survey.backend.pool).flatMap((room) => room.scarce ?? []);
    return [...unseenRoom(view), ...scarce].map((trouble) => ({
        state: "warning",
        subject: subjectOf(survey, role),
        ...trouble,
    }));
}

/** What `status` says of both sites' room. */
export const roomFindings = (survey: Survey): Finding[] =>
    ROLES.flatMap((role) => [
        ...roomBlockers(survey, role).map((one): Finding => ({ state: "problem", ...one })),
        ...roomWarnings(survey, role),
    ]);
