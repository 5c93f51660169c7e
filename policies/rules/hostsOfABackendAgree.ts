import type { Stanza } from "../facts/stanzas";
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

/** Options that one of two stanzas has and the other has not, or has otherwise. */
const differences = (one: Stanza, other: Stanza): string[] =>
    OPTIONS.filter((option) => one.values(option).join("\n") !== other.values(option).join("\n"));

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
    *judgeStack({ replicated }) {
        const first = new Map<string, In<Stanza>>();
        for (const stanza of replicated.filter(isOnHost)) {
            const other = first.get(stanza.section);
            if (other === undefined) first.set(stanza.section, stanza);
            else {
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
