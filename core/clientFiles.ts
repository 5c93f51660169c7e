import type { Backend, Host } from "./topology";
import type { Mirroring } from "./topology/mirroring";
import { ROLES, type Role } from "./topology/site";

/** What the sites told about themselves: enough for a client's files. */
export interface SiteFacts {
    fsid: string;
    /** `mon_host` */
    monHost: string;
    /** cephx keys by user, without `client.` */
    keys: Record<string, string>;
}

/** One file that a Ceph client needs on a Cinder host. */
export type ClientFile =
    | { kind: "conf"; path: string; text: string; fsid: string }
    | {
          kind: "keyring";
          path: string;
          text: string;
          user: string;
          key: string;
          mode: string;
          owner: string;
          /** null: the group of the service's user */
          group: string | null;
      };

const client = (backend: Backend, role: Role) =>
    role === "primary"
        ? { cluster: backend.clusterName, ...backend }
        : { cluster: backend.replicationDevice.backendId, ...backend.replicationDevice };

/** Where Ceph looks by itself; any other place must stand in the conf. */
const standardKeyring = ({ cluster, user }: { cluster: string; user: string }): string =>
    `/etc/ceph/${cluster}.client.${user}.keyring`;

function confText(clients: ReturnType<typeof client>[], { fsid, monHost }: SiteFacts): string {
    const sections = clients
        .filter((c) => c.keyring !== standardKeyring(c))
        .map(({ user, keyring }) => `[client.${user}]\nkeyring = ${keyring}\n`);
    return [
        "# Written by cinder-dr.\n",
        `[global]\nfsid = ${fsid}\nmon_host = ${monHost}\n`,
        ...new Set(sections),
    ].join("");
}

/** The confs and keyrings that one Cinder host needs for its backends, of both sites. */
export function clientFiles(
    host: Host,
    backends: Backend[],
    { owner, group, keyringMode }: NonNullable<Mirroring["clientFiles"]>,
    facts: Record<Role, SiteFacts>,
): ClientFile[] {
    const served = backends.filter((b) => host.backends.includes(b.section));
    const files = ROLES.flatMap((role): ClientFile[] => {
        const clients = served.map((backend) => client(backend, role));
        const site = facts[role];
        const confs = [...new Set(clients.map((c) => c.conf))].map((path): ClientFile => {
            const sharing = clients.filter((c) => c.conf === path);
            return { kind: "conf", path, text: confText(sharing, site), fsid: site.fsid };
        });
        const keyrings = clients.map(({ keyring: path, user }): ClientFile => {
            const key = site.keys[user] ?? "";
            const text = `[client.${user}]\n\tkey = ${key}\n`;
            const standing = { mode: keyringMode, owner, group: group ?? null };
            return { kind: "keyring", path, text, user, key, ...standing };
        });
        return [...confs, ...keyrings];
    });
    return [...new Map(files.map((file) => [file.path, file])).values()];
}
