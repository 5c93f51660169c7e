import { valueOf, type Change, type ValueChange } from "../changes";
import { deviceIn, type Declared } from "../declared";
import type { Facts } from "../facts";
import { of, only, said, type Risk, type Situation } from "../risk";

const isReplicated = (options: Facts | undefined): boolean =>
    (deviceIn(options).backend_id ?? "") !== "";

/** Hosts that carry a section, by name. */
const hostsOf = ({ hosts }: Declared, section: string): string[] =>
    [...hosts].filter(([, host]) => section in host.stanzas).map(([name]) => name);

/** What makes two sections serve the same images. */
const place = (options: Facts | undefined): string | undefined =>
    options &&
    `${options.rbd_cluster_name ?? ""} ${options.rbd_ceph_conf ?? ""} ${options.rbd_pool ?? ""}`;

/** The section that took over the images of a removed one. */
const renamedTo = ({ changes }: Situation, { name }: Change): string | undefined =>
    only(changes.backends, "added").find(
        (added) =>
            place(changes.after.backends.get(added.name)) ===
            place(changes.before.backends.get(name)),
    )?.name;

function removed(situation: Situation, change: Change): Risk {
    const risk = of("backend", change.name);
    const newName = renamedTo(situation, change);
    if (newName !== undefined)
        return risk(
            "section-renamed",
            "critical",
            `the section becomes ${said(newName)}, so the service HOST@${change.name} is gone: its volumes have no service, cannot be attached, snapshotted or failed over`,
            `keep the name, or move the volumes with cinder-manage volume update_host in the same maintenance window`,
            "Cinder's rows keep the old service name until they are moved back",
        );
    return risk(
        "last-replication-device-removed",
        "critical",
        `its replication device leaves every host (${hostsOf(situation.changes.before, change.name).join(", ")}): its volumes can no longer be failed over`,
        "move or retype its volumes first; images stay mirrored in Ceph but Cinder no longer knows the target",
        "volumes made afterwards have no copy",
    );
}

/** Raised, taken out or without end. */
function loosened({ before, after }: ValueChange): boolean {
    if (before === undefined) return false;
    const [old, now] = [Number(before), Number(after ?? "-1")];
    return old > 0 && (now <= 0 || now > old);
}

/** More than this and a failover from a dead site takes minutes (seen: 34 s with 5, 332 s without). */
const LONG_SECONDS = 30;

function timeouts(change: Change): Risk[] {
    return ["rados_connect_timeout", "replication_connect_timeout"].flatMap((key) => {
        const value = valueOf(change, key);
        if (value === undefined || !loosened(value)) return [];
        const now = Number(value.after ?? "-1");
        const isEndless = now <= 0 || now > LONG_SECONDS;
        return of("backend", change.name)(
            "timeout-loosened",
            isEndless ? "high" : "medium",
            `${key} goes from ${said(value.before)} to ${said(value.after)}: with the primary dead, each call to it waits that long before a failover goes on`,
            "5 is good; a failover from a dead site took 34 s with it and 332 s with Cinder's default",
        );
    });
}

/** A key whose change means something by itself. */
interface Meaning {
    key: string;
    risk: string;
    level: Risk["level"];
    means: string;
    next: string;
}

const MEANINGS: readonly Meaning[] = [
    {
        key: "rbd_pool",
        risk: "pool-changed",
        level: "critical",
        means: "existing volumes stay in the old pool and Cinder looks for them in the new one",
        next: "declare a second backend for the new pool and migrate",
    },
    ...["rbd_ceph_conf", "rbd_cluster_name"].map((key): Meaning => ({
        key,
        risk: "primary-cluster-changed",
        level: "critical",
        means: "Cinder looks for the existing volumes in another Ceph cluster, unless both names lead to the same one",
        next: "compare ceph fsid under both names on a Cinder host before merging",
    })),
    {
        key: "replication_device backend_id",
        risk: "backend-id-changed",
        level: "high",
        means: "the failover target gets another name: failover-host with the old --backend_id fails, each host needs the keyring /etc/ceph/NEW.client.USER.keyring, and a backend that is failed over does not start",
        next: "check that the service is not failed over, and that conf and keyring of the new name are on every host",
    },
    {
        key: "replication_device conf",
        risk: "replication-target-changed",
        level: "high",
        means: "failover may go to another cluster than the one the images are mirrored to",
        next: "compare ceph fsid through both files on a Cinder host, and rbd mirror pool info on both sites",
    },
    {
        key: "volume_backend_name",
        risk: "volume-backend-name-changed",
        level: "high",
        means: "volume types with the old name find no backend, and existing volumes name the old one in HOST@SECTION#NAME",
        next: "keep the name, or change types and volumes in the same maintenance window",
    },
    {
        key: "rbd_secret_uuid",
        risk: "libvirt-secret-changed",
        level: "high",
        means: "servers that attach from now on use the new libvirt secret; attached ones keep the old one until they are detached",
        next: "define the new secret on every compute node first (virsh secret-list)",
    },
    {
        key: "replication_device secret_uuid",
        risk: "libvirt-secret-changed",
        level: "high",
        means: "servers that attach after a failover use the new libvirt secret; where it is missing they cannot attach on the other site",
        next: "define the new secret on every compute node first (virsh secret-list)",
    },
    ...["rbd_user", "replication_device user"].map((key): Meaning => ({
        key,
        risk: "ceph-user-changed",
        level: "medium",
        means: "another keyring is read on each host, and servers attach as another user",
        next: "check that the user has the same caps and its keyring is on every host",
    })),
];

const isNewTarget = (change: Change): boolean =>
    valueOf(change, "replication_device backend_id")?.before === undefined &&
    valueOf(change, "replication_device backend_id")?.after !== undefined;

function changed(situation: Situation, change: Change): Risk[] {
    const { before, after } = situation.changes;
    const risk = of("backend", change.name);
    const had = isReplicated(before.backends.get(change.name));
    if (had && !isReplicated(after.backends.get(change.name)))
        return [
            risk(
                "last-replication-device-removed",
                "critical",
                "it loses its replication device: its volumes can no longer be failed over",
                "keep the device; to move to another target, change it in one step",
                "volumes made afterwards have no copy",
            ),
        ];
    const meanings = MEANINGS.flatMap(({ key, risk: name, level, means, next }) => {
        const value = valueOf(change, key);
        if (value === undefined || (key.startsWith("replication_device") && isNewTarget(change)))
            return [];
        return [
            risk(
                name,
                level,
                `${key} goes from ${said(value.before)} to ${said(value.after)}: ${means}`,
                next,
            ),
        ];
    });
    return [...meanings, ...timeouts(change)];
}

/** A backend that stays, on hosts that no longer carry it. */
function leftHosts({ changes }: Situation): Risk[] {
    const { before, after } = changes;
    return [...after.backends.keys()].flatMap((section) => {
        const serving = hostsOf(after, section);
        const left = hostsOf(before, section).filter((host) => !serving.includes(host));
        const staying = left.filter((host) => after.hosts.has(host));
        if (serving.length === 0 && left.length > 0)
            return of("backend", section)(
                "last-replication-device-removed",
                "critical",
                `no host carries it any more (before: ${left.join(", ")}): its volumes can no longer be failed over`,
                "keep it on at least one host",
                "volumes made afterwards have no copy",
            );
        return staying.map((host) =>
            of("host", host)(
                "backend-left-host",
                "high",
                `no longer carries the backend ${said(section)}; the service HOST@${section} of this host stops, and volumes that name it have no service`,
                "move its volumes to another host's service first",
            ),
        );
    });
}

export const backendRisks = (situation: Situation): Risk[] => [
    ...only(situation.changes.backends, "removed").map((change) => removed(situation, change)),
    ...only(situation.changes.backends, "changed").flatMap((change) => changed(situation, change)),
    ...leftHosts(situation),
];
