import { valueOf, type Change, type ValueChange } from "../changes";
import { of, said, type Risk } from "../risk";

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
    lasting?: string;
}

const MEANINGS: readonly Meaning[] = [
    {
        key: "rbd_pool",
        risk: "pool-changed",
        level: "critical",
        means: "existing volumes stay in the old pool and Cinder looks for them in the new one",
        next: "declare a second backend for the new pool and migrate",
        lasting:
            "volumes made meanwhile are in the other pool, and are not found there after a revert",
    },
    {
        key: "extra_capabilities",
        risk: "capabilities-overridden",
        level: "high",
        means: "what stands there takes the place of what the driver reports to the scheduler; another replication_enabled or volume_backend_name hides the backend from its volume types",
        next: "keep replication_enabled, volume_backend_name and capacities out of it",
    },
    ...["rbd_ceph_conf", "rbd_cluster_name"].map((key): Meaning => ({
        key,
        risk: "primary-cluster-changed",
        level: "critical",
        means: "Cinder looks for the existing volumes in another Ceph cluster, unless both names lead to the same one",
        next: "compare ceph fsid under both names on a Cinder host before merging",
        lasting:
            "volumes made meanwhile are in the other cluster, and are not found there after a revert",
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
];

/** Each Ceph user of a section, and the libvirt secret that holds its key on the compute nodes. */
const USERS: readonly [user: string, secret: string, when: string][] = [
    ["rbd_user", "rbd_secret_uuid", "attach"],
    ["replication_device user", "replication_device secret_uuid", "attach after a failover"],
];

/** A user goes with its key: servers attach as the user, by the key that the secret holds. */
function userRisks(change: Change): Risk[] {
    return USERS.flatMap(([key, secret, when]) => {
        const value = valueOf(change, key);
        if (value === undefined || isNewTarget(change)) return [];
        const isAlone = valueOf(change, secret) === undefined;
        return of("backend", change.name)(
            "ceph-user-changed",
            isAlone ? "high" : "medium",
            `${key} goes from ${said(value.before)} to ${said(value.after)}: another keyring is read on each host, and servers that ${when} do so as another user${isAlone ? `; ${secret} stays, and a secret that still holds the old user's key lets none of them attach` : ""}`,
            isAlone
                ? "give the new user a secret_uuid of its own, defined on every compute node first, and check its caps and its keyring on every host"
                : "check that the user has the same caps and its keyring is on every host",
        );
    });
}

/** Where Ceph's clients look for a key, of whatever cluster and user. */
const STANDARD = /^\/etc\/ceph\/[^/]+\.client\.[^/]+\.keyring$/;

/** Each keyring, and what its place is derived from where the topology names none. */
const KEYRINGS: readonly [keyring: string, derivedFrom: string[], site: string][] = [
    ["keyring", ["rbd_user", "rbd_cluster_name"], "own site"],
    [
        "replication_device keyring",
        ["replication_device user", "replication_device backend_id"],
        "failover target",
    ],
];

/** No option of cinder.conf, so no diff of it shows that the service reads its key elsewhere. */
function keyringRisks(change: Change): Risk[] {
    return KEYRINGS.flatMap(([key, derivedFrom, site]) => {
        const value = valueOf(change, key);
        if (value?.before === undefined || value.after === undefined) return [];
        const { before, after } = value;
        const isDerived = derivedFrom.some((from) => valueOf(change, from) !== undefined);
        if (isDerived && STANDARD.test(before) && STANDARD.test(after)) return [];
        return of("backend", change.name)(
            "keyring-moved",
            "high",
            `${key} goes from ${said(before)} to ${said(after)}: the key of its ${site} is expected there on each host; cinder-volume itself reads it where the conf names it, else where Ceph looks`,
            `put the key there and name it in the conf on every host first; ${STANDARD.test(after) ? "a conf that still names the old file keeps reading that one" : "Ceph does not look there by itself"}`,
        );
    });
}

/** Keys that a rule above explains, or that stand in every section. */
const EXPLAINED = new Set([
    ...MEANINGS.map(({ key }) => key),
    ...USERS.flat(),
    ...KEYRINGS.map(([key]) => key),
    ...["volume_driver", "rados_connect_timeout", "replication_connect_timeout"],
]);

/** Whatever else somebody has Cinder read: no verdict is green for what nobody here knows. */
const options = (change: Change): Risk[] =>
    change.values
        .filter(({ key }) => !EXPLAINED.has(key))
        .map(({ key, before, after }) =>
            of("backend", change.name)(
                "option-changed",
                "medium",
                `${key} goes from ${said(before)} to ${said(after)}: no rule here knows what this does to replication`,
                "read the option in Cinder's configuration reference",
            ),
        );

const isNewTarget = (change: Change): boolean =>
    valueOf(change, "replication_device backend_id")?.before === undefined &&
    valueOf(change, "replication_device backend_id")?.after !== undefined;

/** What each option of a section means that stays in the stack and stays replicated. */
export function optionRisks(change: Change): Risk[] {
    const risk = of("backend", change.name);
    const meanings = MEANINGS.flatMap(({ key, risk: name, level, means, next, lasting }) => {
        const value = valueOf(change, key);
        if (value === undefined || (key.startsWith("replication_device") && isNewTarget(change)))
            return [];
        return [
            risk(
                name,
                level,
                `${key} goes from ${said(value.before)} to ${said(value.after)}: ${means}`,
                next,
                lasting,
            ),
        ];
    });
    return [
        ...meanings,
        ...userRisks(change),
        ...keyringRisks(change),
        ...timeouts(change),
        ...options(change),
    ];
}
