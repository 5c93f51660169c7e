import { blocker, type Blocker } from "./blocker";
import type { FaultKind } from "./cinderFaults";
import { imageFaults, isLate } from "./imageFaults";
import { isReplicated, isSeen, isWholeOnPrimary, type Pair, type Views } from "./replica";
import { isOpen, isUnmade, isWorkedOn, subjectOf, type Survey } from "./survey";
import type { Role } from "./topology/site";

/** Faults that end with the marking of a volume as not replicated. */
const MARKED: readonly FaultKind[] = ["ghost", "unmirrored", "cinderError"];

/** The same of one that is whole on the primary, and which rbd-mirror may have copied to the secondary since. */
const MARKED_WHOLE: readonly FaultKind[] = [...MARKED, "wrongPrimary"];

/** Faults that a volume's marking ends. A failback marks nothing whose only true copy may be on the secondary. */
function markedFaults(
    pair: Pair,
    kinds: readonly FaultKind[],
    active: Role,
    views: Views,
): readonly FaultKind[] {
    if (active === "secondary" && isWholeOnPrimary(pair, views)) return MARKED_WHOLE;
    const isLonely = kinds.some((kind) => kind === "ghost" || kind === "unmirrored");
    // Its error is what a failover or a failed creation made of it, and is no reason to keep it counted.
    return isLonely && (active === "primary" || pair.primary === undefined) ? MARKED : [];
}

const workedOn = (pair: Pair): Blocker => ({
    ...(isUnmade(pair)
        ? blocker(
              subjectOf(pair),
              `is being made: its status in Cinder is '${pair.volume.status}'`,
              "wait for it; one that hangs is reset to error and deleted",
          )
        : blocker(
              subjectOf(pair),
              `Cinder works on its image: its status is '${pair.volume.status}'`,
              "wait for its end; one that hangs is given another status with `cinder reset-state`",
          )),
    settles: true,
});

/** One that is not replicated is made where the backend is, and left behind there: nobody agrees to that unseen. */
const isMadeBehind = (pair: Pair, active: Role, views: Views): boolean =>
    active === "secondary" &&
    isUnmade(pair) &&
    isSeen(views.secondary) &&
    !views.secondary.all.includes(pair.volume.image);

/** Image by image: Cinder's first demotion that fails makes it promote all that follow by force. */
export function imageBlockers(survey: Survey, active: Role): Blocker[] {
    return survey.pairs.flatMap((pair) => {
        if (!isReplicated(pair.volume))
            return isMadeBehind(pair, active, survey.views) ? [workedOn(pair)] : [];
        if (isWorkedOn(pair)) return [workedOn(pair)];
        const faults = imageFaults(pair, active, survey.views, survey.names);
        const marked = markedFaults(
            pair,
            faults.map(({ kind }) => kind),
            active,
            survey.views,
        );
        const users = pair[active]?.users ?? [];
        const idle = !isOpen(pair, active);
        const found = faults.map((fault): Blocker => ({
            ...blocker(
                subjectOf(pair),
                fault.fact,
                fault.next,
                marked.includes(fault.kind) ? "unmarked" : undefined,
            ),
            ...(isLate(fault) ? { isLate: true } : {}),
            ...(fault.kind === "unflushed" && idle ? { settles: true } : {}),
        }));
        if (pair[active]?.users === null)
            found.push(
                blocker(
                    subjectOf(pair),
                    "it cannot be seen whether a client has it open",
                    "the site's Ceph user must be able to open it",
                ),
            );
        else if (users.length > 0 && faults.length === 0)
            found.push(
                blocker(
                    subjectOf(pair),
                    `${String(users.length)} client(s) have it open (${users.slice(0, 3).join(", ")})`,
                    "stop or detach its server: its writes become I/O errors",
                    "attached",
                ),
            );
        else if (pair.volume.servers.length > 0 && faults.length === 0)
            found.push(
                blocker(
                    subjectOf(pair),
                    `is attached to server ${pair.volume.servers.join(", ")}${pair.volume.bootable ? " (may boot from it)" : ""}`,
                    "stop or detach its server: it keeps the old cluster's connection",
                    "attached",
                ),
            );
        return found;
    });
}
