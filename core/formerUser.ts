import type { ConnectionInfo } from "./servers";
import type { Topology } from "./topology";
import { ROLES, type Role } from "./topology/site";

/** One attachment of Cinder; its connection is what a server was given when it was attached. */
export interface Attachment {
    id: string;
    volume_id: string;
    /** The server; null for Cinder's own and Glance's. */
    instance?: string | null;
    /** Empty while a shelved server's attachment is only reserved. */
    connection_info?: ConnectionInfo | null;
}

/** Why the topology still needs a Ceph user, or undefined. */
export function neededAs({ sites, backends }: Topology, user: string): string | undefined {
    if (user === "admin") return "Ceph's administrator";
    // librbd's own name for the user that a bootstrap token carries.
    if (user === "rbd-mirror-peer") return "the peers' user";
    for (const backend of backends) {
        if (backend.user === user) return `backends.${backend.section}.user`;
        if (backend.replicationDevice.user === user)
            return `backends.${backend.section}.replicationDevice.user`;
    }
    for (const role of ROLES) {
        const { cephUser, watchUser, rbdMirror } = sites[role];
        if (cephUser === user) return `sites.${role}.cephUser`;
        if (watchUser === user) return `sites.${role}.watchUser`;
        const daemon = rbdMirror.hosts.find((host) => host.cephUser === user);
        if (daemon !== undefined) return `sites.${role}.rbdMirror.hosts.${daemon.name}.cephUser`;
    }
    return undefined;
}

/** Attachments whose server still presents itself to Ceph as `user`. */
export const namedBy = (attachments: readonly Attachment[], user: string): Attachment[] =>
    attachments.filter(({ connection_info }) => connection_info?.auth_username === user);

/** `server S has volume V`, for the first few. */
export function describeAttachments(found: readonly Attachment[], limit = 10): string {
    const some = found
        .slice(0, limit)
        .map(
            ({ id, instance, volume_id }) =>
                `volume ${volume_id} on ${instance === null || instance === undefined ? `attachment ${id}` : `server ${instance}`}`,
        );
    const more = found.length - some.length;
    return some.join(", ") + (more > 0 ? ` and ${String(more)} more` : "");
}

/** Addresses of a monitor's sessions of one client: `ceph tell mon.<name> sessions --format json`. */
export function sessionsOf(text: string, user: string): string[] {
    const given = JSON.parse(text) as {
        entity_name?: string;
        socket_addr?: { addr?: string };
        remote_host?: string;
    }[];
    return given
        .filter((session) => session.entity_name === `client.${user}`)
        .map(({ socket_addr, remote_host = "" }) => {
            const address = socket_addr?.addr ?? "an address unknown";
            return remote_host === "" ? address : `${address} (${remote_host})`;
        });
}

/** What one cluster knows of a user. */
export interface FormerUserAt {
    role: Role;
    there: boolean;
    /** cinder-dr's own marks of it in the cluster's config-keys. */
    marks: string[];
    /** Where clients connect from that are this user now. */
    sessions: string[];
}
