import { computesIn, runsDaemons, SECRETS } from "../cephSide";
import { compareFacts, type Change, type Changes, type ValueChange } from "../changes";
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

/** Parts are made by the site's name: under another one they are new, and the old ones are taken back after them. */
const sitesRenamed = ({ changes }: Situation): Risk[] =>
    changes.sites.flatMap(({ before, after }) => {
        const isMade = changes.before.ceph.has(`users of site ${before ?? ""}`);
        const stays = changes.after.ceph.has(`users of site ${before ?? ""}`);
        if (before === undefined || after === undefined || !isMade || stays) return [];
        if (changes.after.ceph.size === 0) return [];
        return of("site", before)(
            "site-of-mirroring-renamed",
            "critical",
            `every part of its Ceph side would be made under ${said(after)} and then taken back under ${said(before)}: mirror mode, peers, users and daemons that came from the stack would go after the new ones were found in place; the preview refuses it once the stack has made them`,
            "keep the name of a site whose Ceph side the stack sets up",
            "what the removal takes away stays away until the Ceph side is pushed anew",
        );
    });

/** A site whose daemons the stack has run, and runs no more. */
const withoutDaemons = ({ changes: { before, after } }: Situation): Risk[] =>
    [...after.ceph]
        .filter(([part, facts]) => runsDaemons(before.ceph.get(part)) && !runsDaemons(facts))
        .map(([part]) =>
            of("site", part.split(" ").at(-1) ?? "")(
                "last-rbd-mirror-removed",
                "critical",
                "the rbd-mirror daemons that the stack has run there are stopped: unless others run, nothing is replayed to this site",
                "have others run first, and see them in rbd mirror pool status",
            ),
        );

const CLIENT_FILES = "clients' files on Cinder hosts";

/** The port of a compute host, where the stack's files were compared and name one. */
const portOf = (compute: string, side: "before" | "after", { beside }: Changes) =>
    beside.access.find(({ key }) => key === `compute ${compute} port`)?.[side];

/**
 * The name that a compute host which is gone has now: its secrets are taken over under the new one first, and its
 * removal leaves them as they are.
 */
function newComputeOf(compute: string, changes: Changes): string | undefined {
    const { before, after } = changes;
    const address = before.ceph.get(SECRETS + compute)?.address;
    return computesIn(after).find(
        (name) =>
            !before.ceph.has(SECRETS + name) &&
            after.ceph.get(SECRETS + name)?.address === address &&
            portOf(name, "after", changes) === portOf(compute, "before", changes),
    );
}

/** A compute host that leaves the stack, or only its name. */
function computeGone(compute: string, changes: Changes): Risk[] {
    const risk = of("compute host", compute);
    const now = newComputeOf(compute, changes);
    if (now === undefined)
        return [
            risk(
                "libvirt-secrets-taken-back",
                "high",
                "the libvirt secrets that the stack has defined there are undefined: no server on it can attach a volume any more, and none comes up after a failover",
                "define them by other means first (virsh secret-list), or empty the host",
            ),
        ];
    const part = SECRETS + compute;
    const values = compareFacts(
        changes.before.ceph.get(part),
        changes.after.ceph.get(SECRETS + now),
    );
    return [
        risk(
            "compute-host-renamed",
            "medium",
            `becomes ${said(now)} of the same machine: ${said(now)} is pushed first and takes over the libvirt secrets, and the removal of ${said(compute)} then leaves them as they are`,
            "nothing; when the push under the new name fails, go through with it before the name is changed back",
        ),
        ...values.flatMap((value) => valueRisk({ name: part, kind: "changed", values }, value)),
    ];
}

/** Files and secrets that the stack has put on hosts go when it no longer declares them. */
const goneFromHosts = ({ changes }: Situation): Risk[] =>
    only(changes.ceph, "removed").flatMap(({ name }) => {
        if (name === CLIENT_FILES)
            return of("stack", "")(
                "client-files-taken-back",
                "critical",
                "the confs and keyrings that the stack has put on the Cinder hosts are taken away again: a cinder-volume that starts without them reaches neither cluster",
                "put them there by other means under another name first, or keep mirroring.clientFiles",
            );
        if (!name.startsWith(SECRETS)) return [];
        return computeGone(name.slice(SECRETS.length), changes);
    });

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
    if (kind === "rbd-mirror" && Number(after) > Number(before))
        return [
            of("site", subject)(
                "push-timeout-loosened",
                "medium",
                `rbdMirror.healthSeconds ${change}: a daemon that does not come up is noticed later`,
                "raise it only for clusters that are slow",
            ),
        ];
    if (name === CLIENT_FILES)
        return [
            of("stack", "")(
                "client-files-changed",
                "medium",
                `${key} of the keyrings on the Cinder hosts ${change}`,
                "the user that cinder-volume runs as must read them, and nobody else",
            ),
        ];
    if (name.startsWith(SECRETS))
        return [
            of("compute host", name.slice(SECRETS.length))(
                "libvirt-secret-changed",
                "high",
                `${key} ${change}: servers attach by what libvirt has there`,
                "compare with virsh secret-list on the host, and with the backends' secretUuid",
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
    ...sitesRenamed(situation),
    ...withoutDaemons(situation),
    ...goneFromHosts(situation),
    ...(situation.changes.before.ceph.size === 0
        ? only(situation.changes.ceph, "added").filter(isPool)
        : only(situation.changes.ceph, "changed")
    ).flatMap((change) => change.values.flatMap((value) => valueRisk(change, value))),
];
