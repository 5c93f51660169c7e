import type { Topology } from "./topology";
import { ROLES } from "./topology/site";

/** One libvirt secret that the compute hosts need: Nova names it by its UUID when it attaches a volume. */
export interface LibvirtSecret {
    uuid: string;
    /** Site whose cluster the key belongs to. */
    site: string;
    /** Ceph user, without `client.`. */
    user: string;
}

/** The libvirt secrets of all backends, for both sites; without their keys. */
export function libvirtSecrets({ backends, sites }: Topology): LibvirtSecret[] {
    const secrets = ROLES.flatMap((role) =>
        backends.map((backend) => {
            const { secretUuid, user } = role === "primary" ? backend : backend.replicationDevice;
            return { uuid: secretUuid, site: sites[role].name, user };
        }),
    );
    return [...new Map(secrets.map((secret) => [JSON.stringify(secret), secret])).values()];
}
