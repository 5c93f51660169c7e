import type { Topology } from "../topology";
import type { MirroringRefusal } from "../topology/mirroring";
import type { Role } from "../topology/site";
import { BY_UP } from "./item";

/** What puts right each kind of drift on a cluster: `pulumi up` where the topology declares it, else the operator. */
export interface SiteRepair {
    /** Mirroring that is disabled. */
    disabled: string;
    /** The mirror mode `pool`. */
    mode: string;
    siteName: string;
    noPeer: string;
    wrongPeer: string;
    direction: string;
    caps: string;
    daemon: string;
}

const BY_HAND = "put it right by hand: this topology does not declare the Ceph side";
const DAEMON_BY_HAND = "start rbd-mirror on its host: this topology does not run it";

/** Where a repair would take protection away, `pulumi up` asks for a consent, and without it repairs nothing. */
export function siteRepair({ mirroring, sites }: Topology, role: Role): SiteRepair {
    const { orchestrator, hosts } = sites[role].rbdMirror;
    const up = mirroring === undefined ? BY_HAND : BY_UP;
    const consented = (name: MirroringRefusal): string => {
        if (mirroring === undefined) return BY_HAND;
        if (mirroring.consent[name] !== undefined) return BY_UP;
        return `it may take protection away: put it right by hand, or consent with mirroring.consent.${name}`;
    };
    return {
        disabled: up,
        mode: consented("changeMode"),
        siteName: consented("renameSite"),
        noPeer: up,
        wrongPeer: consented("replacePeer"),
        direction: up,
        caps: up,
        daemon: orchestrator === undefined && hosts.length === 0 ? DAEMON_BY_HAND : BY_UP,
    };
}
