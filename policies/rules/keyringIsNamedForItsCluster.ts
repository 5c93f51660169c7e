import { backendIdOf } from "../facts/stanzas";
import { plainName } from "../quoted";
import type { StackRule } from "../rule";
import { textsOf } from "../facts/texts";

const KEYRING = /\/etc\/ceph\/([\w.-]+?)\.client\.([\w-]+)\.keyring/g;

export const keyringIsNamedForItsCluster: StackRule = {
    name: "keyring-is-named-for-its-cluster",
    demand: "A keyring of Cinder is named for rbd_cluster_name or for the backend_id",
    why: "The driver hands backend_id to Ceph as the cluster's name, and os-brick opens /etc/ceph/<cluster>.client.<user>.keyring: under any other name nobody finds it, which shows at the failover",
    source: "cinder/volume/drivers/rbd.py _connect_to_rados; os-brick connectors/rbd.py; bug 1671422",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [21, 39],
    checks: [],
    *judgeStack({ resources, replicated }) {
        const clusters = new Set<string>();
        const users = new Set<string>();
        for (const stanza of replicated) {
            // What stands in a file that is not seen whole may be any name.
            if (!stanza.whole) return;
            clusters.add(stanza.value("rbd_cluster_name") ?? "ceph");
            users.add(stanza.value("rbd_user") ?? "");
            for (const device of stanza.devices) {
                clusters.add(backendIdOf(device) ?? "");
                users.add(device.pairs.get("user") ?? "");
            }
        }
        for (const resource of resources)
            for (const [cluster, user] of keyringsIn(textsOf(resource).map(({ text }) => text)))
                if (users.has(user) && !clusters.has(cluster))
                    yield {
                        urn: resource.urn,
                        sentence: `writes or reads the keyring ${plainName(cluster)}.client.${plainName(user)}.keyring, and no backend has a cluster of that name; name it for the backend_id: ${[...clusters].map(plainName).join(", ")}`,
                    };
    },
};

/** Cluster and user of every keyring that is named, once. */
const keyringsIn = (texts: string[]): [cluster: string, user: string][] => {
    const found = texts.flatMap((text) => [...text.matchAll(KEYRING)]);
    const byName = new Map(
        found.map(([name, cluster = "", user = ""]) => [name, [cluster, user] as [string, string]]),
    );
    return [...byName.values()];
};
