import type { ClientSeen } from "./client";
import { BY_UP, itemsOf, type DriftItem } from "./item";
import type { SiteSeen } from "./siteSeen";

/** A host's key of one user against the cluster's; compared as digests, never shown. */
export function keyDrift(
    host: string,
    client: ClientSeen,
    { user, siteName, managed }: { user: string; siteName: string; managed: boolean },
    site: SiteSeen,
): DriftItem | undefined {
    const make = itemsOf(`hosts.${host}`);
    const subject = `${client.files[1]?.path ?? "keyring"} key`;
    const known = site.users[user];
    // A missing file is an item of its own, and a container's files are not this host's.
    if (client.files[1]?.there !== true) return undefined;
    if (known === undefined) return make.unseen(subject, `${siteName} did not answer`);
    if ("why" in known) return make.unseen(subject, known.why);
    const wanted = `the key that ${siteName} has for client.${user}`;
    if (known.seen !== undefined && known.seen.keySha256 === client.keySha256)
        return make.ok(subject, wanted);
    const next = managed ? BY_UP : `put the output of \`ceph auth get client.${user}\` there`;
    const found = client.keySha256 === null ? `no key of client.${user}` : "another key";
    return make.drifted(subject, found, wanted, next);
}
