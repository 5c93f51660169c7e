import type { PoolView } from "../../core/replica";
import type { Parts } from "../../operations/parts";
import { RemoteError } from "../../operations/remoteError";
import { CLOUD } from "./backendKey";
import { names, row, topology } from "./survey";

const VOLUME = {
    id: "v1",
    name: "db",
    status: "available",
    replication_status: "enabled",
    "os-vol-host-attr:host": "cinder-a@ceph#ceph",
    volume_type: "replicated",
    size: 2,
};

/** A cloud with one volume of 2 GiB, whose primary's admin host is silent. */
export function partsOf(secondary: PoolView, hosts: object[] = []): Parts {
    const none = () => Promise.resolve([]);
    const silent = () => Promise.reject(new RemoteError("paris", "no answer"));
    return {
        topology,
        names,
        cinder: {
            identity: () => Promise.resolve(CLOUD),
            services: () => Promise.resolve([row()]),
            allVolumes: () => Promise.resolve([VOLUME]),
            allSnapshots: none,
            volumeTypes: none,
        },
        hostsOf: () => hosts,
        sites: {
            primary: { pool: silent, site: { name: "paris" } },
            secondary: { pool: () => Promise.resolve(secondary), site: { name: "lyon" } },
        },
    } as unknown as Parts;
}
