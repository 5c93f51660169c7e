import { imageFaults, type FaultKind } from "./imageFaults";
import { isReplicated, isSeen, type PoolView } from "./replica";
import { activeSide, activeSideOf, otherSide } from "./service";
import { subjectOf, targetOf, type Move, type Survey } from "./survey";
import type { Role } from "./topology/site";

/** Something in the way, with its cure. */
export interface Blocker {
    subject: string;
    fact: string;
    next: string;
    /** Name of the flag's consent that lets it pass; undefined where nothing does. */
    consent?: string;
}

const blocker = (subject: string, fact: string, next: string, consent?: string): Blocker => ({
    subject,
    fact,
    next,
    ...(consent === undefined ? {} : { consent }),
});

const WRITE_ROWS =
    "--write-rows stops it, promotes its images, and writes its service and volume rows through the host's own Cinder; they are saved first";

function serviceBlockers(survey: Survey, move: Move): Blocker[] {
    const { rows, backend, names } = survey;
    const target = targetOf(move);
    if (rows.length === 0)
        return [
            blocker(
                `backend ${backend.section}`,
                "Cinder has no cinder-volume service for it",
                "check the section's name, and that the hosts were ever started",
            ),
        ];
    const found: Blocker[] = [];
    const active = activeSideOf(rows, backend);
    if (active === target)
        found.push(
            blocker(
                `backend ${backend.section}`,
                `is on ${names[target]} already: Cinder would demote and promote every image again`,
                "nothing to do",
            ),
        );
    for (const row of rows) {
        const status = row.replication_status ?? "";
        if (status === "failing-over")
            found.push(
                blocker(
                    row.host,
                    "is failing over now, and not by this operation",
                    move === "forced" && row.state !== "up"
                        ? "its cinder-volume is down and will carry it out later: --write-rows takes over"
                        : "wait for its end; `cinder-dr status` shows it",
                    move === "forced" && row.state !== "up" ? "write-rows" : undefined,
                ),
            );
        else if (move === "forced" && row.state !== "up" && activeSide(row, backend) !== target)
            found.push(
                blocker(
                    row.host,
                    "its cinder-volume is down, and Cinder refuses to fail it over",
                    WRITE_ROWS,
                    "write-rows",
                ),
            );
        else if (move !== "forced" && row.state !== "up")
            found.push(
                blocker(row.host, "its cinder-volume is down", "start it; see its log on the host"),
            );
        else if (move !== "forced" && status !== "enabled" && status !== "failed-over")
            found.push(
                blocker(
                    row.host,
                    `its replication status is '${status}', must be enabled or failed-over`,
                    status === "failover-error" || status === "error"
                        ? "restart cinder-volume on it: that sets the status anew"
                        : "the host must have the backend's replication_device: `pulumi up`",
                ),
            );
    }
    return found;
}

function hostBlockers({ hosts, names }: Survey, move: Move): Blocker[] {
    const target = targetOf(move);
    return hosts.flatMap((host) => {
        if (host.unseen !== undefined)
            return [
                blocker(
                    host.name,
                    `cannot be asked: ${host.unseen}`,
                    `it must reach ${names[target]}; make SSH to it work`,
                    move === "forced" ? "unseen-hosts" : undefined,
                ),
            ];
        const trouble = host.reach[target];
        if (trouble === undefined) return [];
        return [
            blocker(
                host.name,
                `does not reach ${names[target]} as Cinder's user: ${trouble}`,
                "its conf, keyring and user must be those of the replication_device; `pulumi up` checks them",
            ),
        ];
    });
}

/** Seconds without a beacon after which rbd-mirror counts as gone; it sends one every 5 s. */
const BEACON_SECONDS = 60;

export function daemonBlockers(view: PoolView, site: string): Blocker[] {
    const { list, error } = view.daemons;
    const next = `start rbd-mirror on ${site}`;
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
    const youngest = Math.min(...list.map((daemon) => view.now - daemon.beacon));
    return youngest > BEACON_SECONDS
        ? [
              blocker(
                  `site ${site}`,
                  `no rbd-mirror daemon has reported for ${String(Math.round(youngest))} s`,
                  next,
              ),
          ]
        : [];
}

function siteBlockers({ views, names }: Survey, move: Move): Blocker[] {
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
        const found = move === "forced" ? [] : daemonBlockers(view, names[role]);
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

/** Image by image: Cinder's first demotion that fails makes it promote all that follow by force. */
function imageBlockers(survey: Survey, active: Role): Blocker[] {
    return survey.pairs.flatMap((pair) => {
        if (!isReplicated(pair.volume)) return [];
        const isUnmarked = (kind: FaultKind) => kind === "ghost" || kind === "unmirrored";
        const faults = imageFaults(pair, active, survey.views, survey.names);
        const found = faults.map(({ kind, fact, next }) =>
            blocker(subjectOf(pair), fact, next, isUnmarked(kind) ? "unmarked" : undefined),
        );
        const users = pair[active]?.users ?? [];
        if (users.length > 0 && faults.length === 0)
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
