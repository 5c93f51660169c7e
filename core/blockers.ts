import { blocker, type Blocker } from "./blocker";
import { CLOCK_CURE, clockFault } from "./clocks";
import { imageBlockers } from "./imageBlockers";
import { isSeen, isUnflushed, newestStamp, type PoolView } from "./replica";
import { roomBlockers } from "./room";
import { activeSideOf, otherSide } from "./service";
import { hostBlockers, serviceBlockers } from "./serviceBlockers";
import { replicated, targetOf, type Move, type Survey } from "./survey";
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

/**
 * Images that lack only rbd-mirror's word, and that nobody is seen to have open: a flush settles them, also where a server
 * has the volume that was stopped. The site looks again itself before it flushes one.
 */
export const flushable = (survey: Survey, active: Role): string[] =>
    replicated(survey)
        .filter(
            (pair) =>
                (pair[active]?.users ?? []).length === 0 &&
                isUnflushed(pair[active], pair[otherSide(active)]),
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
