import { blocker, type Blocker } from "./blocker";
import type { Finding } from "./finding";
import { isSeen } from "./replica";
import type { Survey } from "./survey";
import { ROLES, type Role } from "./topology/site";

interface Trouble {
    fact: string;
    next: string;
}

const WAITS = "each write waits, the lock of a move first";

/** What keeps the writes of a pool waiting, by the flags that its cluster names; undefined where nothing does. */
export function stoppedWrites(flags: readonly string[], pool: string): Trouble | undefined {
    if (flags.includes("pausewr"))
        return {
            fact: `its cluster has the flag pausewr: ${WAITS}`,
            next: "`ceph osd unset pause`",
        };
    // A pool that has reached its quota has both flags, and room on its OSDs would not help it.
    if (flags.includes("full_quota"))
        return {
            fact: `pool '${pool}' is full (running out of quota): ${WAITS}`,
            next: `\`ceph osd pool set-quota ${pool} max_bytes 0\` (and max_objects 0), a higher one, or delete`,
        };
    if (flags.includes("full"))
        return {
            fact: `pool '${pool}' is full (no space): ${WAITS}`,
            next: "`ceph osd set-full-ratio 0.97` for the moment; then add OSDs or delete",
        };
    return undefined;
}

/** What will soon: Ceph's writes go on up to full. */
function scarceRoom(flags: readonly string[], pool: string): Trouble | undefined {
    const flag = ["backfillfull", "nearfull"].find((one) => flags.includes(one));
    if (flag === undefined) return undefined;
    return {
        fact: `pool '${pool}' is ${flag}: once it is full, writes wait and no move begins`,
        next: "add OSDs or delete",
    };
}

const subjectOf = ({ names }: Survey, role: Role): string => `site ${names[role]}`;

/** @param role a side that the move writes to */
export function roomBlockers(survey: Survey, role: Role): Blocker[] {
    const view = survey.views[role];
    const trouble = isSeen(view)
        ? stoppedWrites(view.flags.list ?? [], survey.backend.pool)
        : undefined;
    if (trouble === undefined) return [];
    return [blocker(subjectOf(survey, role), trouble.fact, trouble.next)];
}

/** What is scarce on a side that can still be written. */
export function roomWarnings(survey: Survey, role: Role): Finding[] {
    const view = survey.views[role];
    if (!isSeen(view)) return [];
    const { list = [], error } = view.flags;
    const warning = { state: "warning", subject: subjectOf(survey, role) } as const;
    if (error !== undefined)
        return [
            {
                ...warning,
                fact: `whether it is full cannot be seen: ${error}`,
                next: "the Ceph user needs mon 'allow r'",
            },
        ];
    const scarce = scarceRoom(list, survey.backend.pool);
    if (scarce === undefined || stoppedWrites(list, survey.backend.pool) !== undefined) return [];
    return [{ ...warning, ...scarce }];
}

/** What `status` says of both sites' room. */
export const roomFindings = (survey: Survey): Finding[] =>
    ROLES.flatMap((role) => [
        ...roomBlockers(survey, role).map((one): Finding => ({ state: "problem", ...one })),
        ...roomWarnings(survey, role),
    ]);
