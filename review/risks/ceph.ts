import type { Change, ValueChange } from "../changes";
import { of, only, said, type Risk, type Situation } from "../risk";

const isPool = ({ name }: Change): boolean => name.startsWith("pool ");

/** From none to some: both clusters are changed for the first time. */
function managed({ changes: { before, after } }: Situation): Risk[] {
    if (before.ceph.size > 0 || after.ceph.size === 0) return [];
    return [
        of("stack", "")(
            "ceph-side-managed",
            "high",
            "both Ceph clusters are set up by the stack from now on: mirroring of the pools, users and their caps, peers, rbd-mirror daemons, before the first Cinder host is pushed; what would take protection or access away is refused there before the first change",
            "read the caps below: a user of a pool gets these, and no more without a refusal; take a maintenance window if the clusters are in use",
            "reverting is refused while an image is mirrored through the stack",
        ),
    ];
}

const takenBack = ({ changes }: Situation): Risk[] =>
    only(changes.ceph, "removed")
        .filter(isPool)
        .map(({ name }) =>
            of("pool", name.slice("pool ".length))(
                "mirroring-taken-back",
                "critical",
                "the stack takes back what it made of this pool's mirroring: peers, mirror mode, and the pool itself if it made that; it refuses while an image is mirrored through it",
                "to stop managing and keep mirroring, take the resources out of the state first (pulumi state delete)",
                "images made afterwards have no copy until mirroring is set up again and they are synced",
            ),
        );

function valueRisk({ name }: Change, { key, before, after }: ValueChange): Risk[] {
    const [kind = "", ...rest] = name.split(" ");
    const subject = rest.at(-1) ?? "";
    const change = `goes from ${said(before)} to ${said(after)}`;
    if (key.startsWith("consent ") && after !== undefined)
        return [
            of("pool", subject)(
                "consent-given",
                "high",
                `the refusal ${key.slice("consent ".length)} is overridden, because ${said(after)}`,
                "read docs/ceph.md on what this refusal guards; take the consent out again afterwards",
            ),
        ];
    if (kind === "users")
        return [
            of("site", subject)(
                "ceph-caps-changed",
                "high",
                `${key} ${change}: whoever uses this key gains or loses access at once`,
                "check that Cinder, Nova and Glance need no more than the new caps; caps that shrink are refused without a consent",
            ),
        ];
    if (kind === "rbd-mirror" && key !== "healthSeconds")
        return [
            of("site", subject)(
                "rbd-mirror-changed",
                "high",
                `${key} ${change}: while no daemon runs on a site, nothing is replayed to it`,
                "change one site, run cinder-dr verify, then the other",
            ),
        ];
    if (kind === "cluster")
        return [
            of("site", subject)(
                "cluster-access-changed",
                "medium",
                `${key} ${change}: another way to the cluster, or another cluster`,
                "compare ceph fsid on the admin host",
            ),
        ];
    return [];
}

export const cephRisks = (situation: Situation): Risk[] => [
    ...managed(situation),
    ...takenBack(situation),
    ...(situation.changes.before.ceph.size === 0
        ? only(situation.changes.ceph, "added").filter(isPool)
        : only(situation.changes.ceph, "changed")
    ).flatMap((change) => change.values.flatMap((value) => valueRisk(change, value))),
];
