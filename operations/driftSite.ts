import { createHash } from "node:crypto";

import { parsePoolInfo, type Answer, type SiteSeen, type UserSeen } from "../core/drift/siteSeen";
import { wordsOf } from "../core/problem";
import { parsePoolStatus, type PoolStatus } from "../core/mirrorPool";
import { poolInfo, poolStatus } from "../core/rbd";
import type { Words } from "../core/shell";
import type { Site } from "../core/topology";
import type { Role } from "../core/topology/site";
import { CephSite } from "./cephSite";
import type { CommandResult } from "./ssh";
import { RemoteError } from "./remoteError";

/** ENOENT: what `ceph auth get` exits with when there is no such user. */
const NO_USER = 2;

const lastLine = ({ code, stderr }: CommandResult): string =>
    stderr.split("\n").at(-1) || `exit code ${String(code)}`;

async function answer<T>(ask: () => Promise<T>): Promise<Answer<T>> {
    try {
        return { seen: await ask() };
    } catch (error) {
        return { why: wordsOf(error) };
    }
}

/**
 * To someone who may only read, librbd refuses to open the images, and rbd exits with 1; the answer about the daemons
 * stands on stdout nevertheless.
 */
async function status(at: CephSite, pool: string): Promise<PoolStatus> {
    const args = poolStatus(pool);
    const { code, stdout, stderr } = await at.attempt(args);
    const text = stdout.toString("utf8");
    if (code !== 0 && !text.trimStart().startsWith("{"))
        return rbdJson(at, args, (said) => parsePoolStatus(said));
    return parsePoolStatus(text, stderr);
}

async function rbdJson<T>(at: CephSite, args: Words, parse: (text: string) => T): Promise<T> {
    return parse((await at.rbd(args)).toString("utf8"));
}

/** The key is turned into a digest at once: nothing else of this program ever holds it. */
async function user(at: CephSite, name: string): Promise<UserSeen> {
    const result = await at.ceph(["auth", "get", `client.${name}`, "--format", "json"]);
    if (result.code === NO_USER && /failed to find|ENOENT/.test(result.stderr)) return undefined;
    if (result.code !== 0)
        throw new RemoteError(at.site.name, `ceph auth get: ${lastLine(result)}`);
    const [seen] = JSON.parse(result.stdout.toString("utf8")) as {
        key?: string;
        caps?: Record<string, string>;
    }[];
    const keySha256 = createHash("sha256")
        .update(seen?.key ?? "")
        .digest("hex");
    return { caps: seen?.caps ?? {}, keySha256 };
}

/** The site as its read-only user sees it, where it has one. */
function watched(site: Site): Site {
    if (site.watchUser === undefined) return site;
    // The keyring is cephUser's: the other user's is where Ceph looks by itself.
    const watch: Site = { ...site, cephUser: site.watchUser };
    delete watch.keyring;
    return watch;
}

const imagesOf = (given: Answer<PoolStatus>): Answer<string[]> =>
    "why" in given ? given : { seen: given.seen.images };

/** Asks one cluster, over one connection; a cluster that does not answer is asked nothing more. */
export async function seeSite(
    role: Role,
    site: Site,
    { pools, users }: { pools: readonly string[]; users: readonly string[] },
): Promise<SiteSeen> {
    const at = new CephSite(role, watched(site));
    try {
        const fsid = await answer(() => at.fsid());
        const seen: SiteSeen = { fsid, pools: {}, users: {} };
        if ("why" in fsid) return seen;
        const keeper = at.site.cephUser === site.cephUser ? at : new CephSite(role, site);
        try {
            for (const pool of pools) {
                const seenStatus = await answer(() => status(at, pool));
                seen.pools[pool] = {
                    info: await answer(() => rbdJson(at, poolInfo(pool), parsePoolInfo)),
                    status: seenStatus,
                    images: imagesOf(
                        keeper === at
                            ? seenStatus
                            : await answer(() =>
                                  rbdJson(keeper, poolStatus(pool), (said) =>
                                      parsePoolStatus(said),
                                  ),
                              ),
                    ),
                };
            }
            for (const name of users) seen.users[name] = await answer(() => user(keeper, name));
        } finally {
            keeper.close();
        }
        return seen;
    } finally {
        at.close();
    }
}
