import { isReplicated, type Stanza } from "../facts/stanzas";
import { CINDER_HOST } from "../facts/texts";
import { plainName } from "../quoted";
import type { StackRule } from "../rule";
import type { In } from "../stack";

const OPTIONS = [
    "volume_driver",
    "volume_backend_name",
    "rbd_cluster_name",
    "rbd_ceph_conf",
    "rbd_pool",
    "rbd_user",
    "rbd_secret_uuid",
    "rados_connect_timeout",
    "replication_connect_timeout",
    "rbd_max_clone_depth",
    "replication_device",
];

/** A component that only renders a stanza for the hosts is no host. */
const isOnHost = ({ resource, whole }: In<Stanza>): boolean =>
    whole && (resource.type === CINDER_HOST || resource.type.startsWith("command:remote:"));

const differ = (one: In<Stanza>, other: In<Stanza>, option: string): boolean =>
    one.values(option).join("\n") !== other.values(option).join("\n");

/** What tells one backend from another that has its section's name: all three of them are never one slip. */
const IDENTITY = ["volume_backend_name", "rbd_secret_uuid", "replication_device"];

/** Two clouds of one stack may use one section's name. */
const areOfOneCloud = (one: In<Stanza>, other: In<Stanza>): boolean =>
    [
        [one.cloud, other.cloud],
        [one.resource.recovery, other.resource.recovery],
    ].every(([a, b]) => a === undefined || b === undefined || a === b);

const areOneBackend = (one: In<Stanza>, other: In<Stanza>): boolean =>
    one.section === other.section &&
    areOfOneCloud(one, other) &&
    !IDENTITY.every((option) => differ(one, other, option));

/** Options that one of two stanzas has and the other has not, or has otherwise. */
const differences = (one: In<Stanza>, other: In<Stanza>): string[] =>
    OPTIONS.filter((option) => differ(one, other, option));

export const hostsOfABackendAgree: StackRule = {
    name: "hosts-of-a-backend-agree",
    demand: "All hosts of a backend carry the same stanza",
    why: "Which host serves a volume is chance: with different stanzas a failover takes some volumes to another target or nowhere",
    source: "Cinder documentation, high availability",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [23],
    checks: [15],
    *judgeStack({ stanzas }) {
        const firsts: In<Stanza>[] = [];
        for (const stanza of stanzas.filter(isOnHost)) {
            const other = firsts.find((first) => areOneBackend(first, stanza));
            if (other === undefined) firsts.push(stanza);
            else if (isReplicated(stanza) || isReplicated(other)) {
                const options = differences(stanza, other);
                if (options.length > 0)
                    yield {
                        urn: stanza.resource.urn,
                        sentence: `[${plainName(stanza.section)}] differs from that of '${other.resource.name}' in ${options.map(plainName).join(", ")}; give all hosts of a backend the same stanza`,
                    };
            }
        }
    },
};
