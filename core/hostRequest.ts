import { backendOptions } from "./cinderConf";
import type { Backend, Host, Topology } from "./topology";

/** What one host is asked to become; the JSON that `host/apply.py` reads. */
export interface HostRequest {
    version: 1;
    host: string;
    configFile: string;
    python: string;
    serviceUser: string;
    service: Host["service"];
    backends: BackendRequest[];
    timeouts: {
        healthSeconds: number;
        applySeconds: number;
        targetSeconds: number;
        lockSeconds: number;
    };
    skipChecks: string[];
    /** Active-active cluster that the host must be a member of; "" for none. */
    cluster: string;
    consent: Record<string, string>;
}

/** How Ceph is reached on the host, by the very names Cinder uses. */
interface ClientNames {
    cluster: string;
    conf: string;
    user: string;
    pool: string;
}

export interface BackendRequest {
    section: string;
    options: Record<string, string>;
    primary: ClientNames;
    target: ClientNames & { backendId: string };
}

/** A second push of the same host waits this long for the first to end. */
const LOCK_SECONDS = 30;

const backendRequest = (backend: Backend): BackendRequest => {
    const { backendId, conf, user } = backend.replicationDevice;
    return {
        section: backend.section,
        options: backendOptions(backend),
        primary: {
            cluster: backend.clusterName,
            conf: backend.conf,
            user: backend.user,
            pool: backend.pool,
        },
        target: { backendId, cluster: backendId, conf, user, pool: backend.pool },
    };
};

/** The request for one host of a topology. */
export const hostRequest = (
    host: Host,
    backends: Backend[],
    timeouts: Topology["timeouts"],
): HostRequest => ({
    version: 1,
    host: host.name,
    configFile: host.configFile,
    python: host.python,
    serviceUser: host.serviceUser,
    service: host.service,
    backends: backends.filter((b) => host.backends.includes(b.section)).map(backendRequest),
    timeouts: { ...timeouts, lockSeconds: LOCK_SECONDS },
    skipChecks: host.skipChecks,
    cluster: host.cluster ?? "",
    consent: host.consent,
});
