import { blocker, type Blocker } from "./blocker";
import { CLOCK_CURE, clockFault } from "./clocks";
import type { FaultKind } from "./cinderFaults";
import { imageFaults } from "./imageFaults";
import {
    isReplicated,
    isSeen,
    isUnflushed,
    isWholeOnPrimary,
    newestStamp,
    type Pair,
    type PoolView,
    type Views,
} from "./replica";
import { roomBlockers } from "./room";
import { activeSideOf, otherSide } from "./service";
import { hostBlockers, serviceBlockers } from "./serviceBlockers";
import {
    isInUse,
    isUnmade,
    isWorkedOn,
    replicated,
    subjectOf,
    targetOf,
    type Move,
    type Survey,
} from "./survey";
import type { Role } from "./topology/site";

/** Seconds without a word after which rbd-mirror counts as gone: it sends a beacon every 5 s, and statuses every 30 s. */
const SILENT_SECONDS = 60;

export function daemonBlockers(view: PoolView, site: string): Blocker[] {
    const { list, error } = view.daemons;
    const next = `start rbd-mirror on ${site}`;
    const again = `restart rbd-mirror on ${site}`;
    if (list === undefined)
        return [
            blocker(
                `site ${site}`,
                `its rbd-mirror cannot be seen: ${error ?? ""}`,
                "the Ceph user needs mon 'allow r'",
            ),
        ];
    if (list.length === 0)
        return [blocker(`site ${site}`, "no rbd-mirror daemon is in its service map", next)];
    const newest = newestStamp(view);
    if (newest === 0)
        return [blocker(`site ${site}`, "no rbd-mirror daemon has reported yet", again)];
    const youngest = view.now - newest;
    return youngest > SILENT_SECONDS
        ? [
              blocker(
                  `site ${site}`,
                  `no rbd-mirror daemon has reported for ${String(Math.round(youngest))} s`,
                  again,
              ),
          ]
        : [];
}

/** What the sites themselves say against a move. */
export function siteBlockers(survey: Survey, move: Move): Blocker[] {
    const { views, names } = survey;
    return (["primary", "secondary"] as const).flatMap((role) => {
        const view = views[role];
        if (!isSeen(view))
            return move === "forced" && role !== targetOf(move)
                ? []
                : [
                      blocker(
                          `site ${names[role]}`,
                          `cannot be asked: ${view.unseen}`,
                          "its admin host and cluster must answer",
                      ),
                  ];
        const clock = clockFault(survey, role);
        const found =
            move === "forced"
                ? []
                : clock === undefined
                  ? daemonBlockers(view, names[role])
                  : [blocker(`site ${names[role]}`, clock, CLOCK_CURE)];
        // Where it is left, too: a demotion that cannot be written makes Cinder promote all that follow by force.
        if (move !== "forced" || role === targetOf(move)) found.push(...roomBlockers(survey, role));
        if (view.peers.length === 0)
            found.push(
                blocker(
                    `site ${names[role]}`,
                    "the pool has no mirror peer",
                    "bootstrap the peers again",
                ),
            );
        else if (move !== "forced" && view.peers.every((peer) => peer.direction !== 2))
            found.push(
                blocker(
                    `site ${names[role]}`,
                    "mirroring goes one way only",
                    "make the peer rx-tx: a failback needs both ways",
                ),
            );
        return found;
    });
}

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
function imageBlockers(survey: Survey, active: Role): Blocker[] {
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
        const idle = !isInUse(pair, active);
        const found = faults.map(({ kind, fact, next }): Blocker => ({
            ...blocker(subjectOf(pair), fact, next, marked.includes(kind) ? "unmarked" : undefined),
            ...(kind === "unflushed" && idle ? { settles: true } : {}),
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

/** Images that lack only rbd-mirror's word, and that nobody has open: a flush settles them. */
export const flushable = (survey: Survey, active: Role): string[] =>
    replicated(survey)
        .filter(
            (pair) => !isInUse(pair, active) && isUnflushed(pair[active], pair[otherSide(active)]),
        )
        .map(({ volume }) => volume.image);

/** Everything that stands in a move's way; consented ones stay listed, the caller knows its consents. */
export function blockersOf(survey: Survey, move: Move): Blocker[] {
    const active = otherSide(targetOf(move));
    const there = activeSideOf(survey.rows, survey.backend) === targetOf(move);
    return [
        ...serviceBlockers(survey, move),
        ...siteBlockers(survey, move),
        ...hostBlockers(survey, move),
        ...(move === "forced" || there ? [] : imageBlockers(survey, active)),
    ];
}
