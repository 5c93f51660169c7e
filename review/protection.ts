import type { Changes } from "./changes";
import { deviceIn, type Declared } from "./declared";
import type { Risk } from "./risk";

/** What protection gains and loses; names of backends and volume types. */
export interface Protection {
    lost: string[];
    gained: string[];
    retargeted: string[];
}

const replicates = (declared: Declared, section: string): boolean =>
    (deviceIn(declared.backends.get(section)).backend_id ?? "") !== "";

/** Read from the risks, so that both say the same. */
export function protectionOf({ before, after }: Changes, risks: readonly Risk[]): Protection {
    const sections = [...new Set([...before.backends.keys(), ...after.backends.keys()])];
    const lostTypes = risks.filter(({ name }) =>
        ["replication-switched-off", "volume-type-deleted"].includes(name),
    );
    const unserved = risks.filter(({ name }) =>
        [
            "last-replication-device-removed",
            "section-renamed",
            "pool-changed",
            "mirroring-taken-back",
            "site-of-mirroring-renamed",
            "last-rbd-mirror-removed",
            "client-files-taken-back",
            "libvirt-secrets-taken-back",
            "host-removed",
            "backend-left-host",
            "moved-in-the-program",
            "everything-removed",
        ].includes(name),
    );
    const retargeted = risks.filter(({ name }) =>
        [
            "backend-id-changed",
            "replication-target-changed",
            "primary-cluster-changed",
            "sites-exchanged",
        ].includes(name),
    );
    const named = (list: readonly Risk[]) =>
        list.map(({ kind, subject }) => (subject === "" ? "both sites" : `${kind} ${subject}`));
    return {
        lost: [...new Set(named([...unserved, ...lostTypes]))],
        gained: sections
            .filter((s) => !replicates(before, s) && replicates(after, s))
            .map((s) => `backend ${s}`),
        retargeted: [...new Set(named(retargeted))],
    };
}
