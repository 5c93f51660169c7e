import { wordsOf } from "../core/problem";
import type { Finding } from "../core/finding";
import { describeAttachments, namedBy, sessionsOf, type FormerUserAt } from "../core/formerUser";
import type { Words } from "../core/shell";
import type { Topology } from "../core/topology";
import { ROLES, type Role } from "../core/topology/site";
import { CephSite } from "./cephSite";
import type { Cinder } from "./cinder";
import { RemoteError } from "./remoteError";

export interface RetireUserOptions {
    topology: Topology;
    cinder: Cinder;
    /** Without `client.`; no part of the topology needs it any more. */
    user: string;
    /** Whether to remove it; otherwise this only looks. */
    remove: boolean;
    found: (finding: Finding) => void;
    doing: (what: string) => void;
}

const NO_USER = 2;

async function ask(at: CephSite, args: Words): Promise<string> {
    const result = await at.ceph(args);
    if (result.code !== 0)
        throw new RemoteError(
            `site ${at.site.name}`,
            `ceph ${args.join(" ")}: exit code ${String(result.code)}: ${result.stderr.split("\n").at(-1) ?? ""}`,
        );
    return result.stdout.toString("utf8");
}

async function isThere(at: CephSite, user: string): Promise<boolean> {
    // `auth get` answers with the key, too; it goes no further than this comparison.
    const { code, stderr } = await at.ceph(["auth", "get", `client.${user}`]);
    if (code === 0) return true;
    if (code === NO_USER && /failed to find|ENOENT/.test(stderr)) return false;
    throw new RemoteError(`site ${at.site.name}`, `ceph auth get client.${user}: ${stderr}`);
}

/** A client keeps a session with one monitor only, so each is asked. */
async function sessions(at: CephSite, user: string): Promise<string[]> {
    const dump = JSON.parse(await ask(at, ["mon", "dump", "--format", "json"])) as {
        mons?: { name: string }[];
    };
    const seen: string[] = [];
    for (const { name } of dump.mons ?? [])
        seen.push(
            ...sessionsOf(
                await ask(at, ["tell", `mon.${name}`, "sessions", "--format", "json"]),
                user,
            ),
        );
    return seen;
}

async function look(at: CephSite, role: Role, user: string): Promise<FormerUserAt> {
    const keys = JSON.parse(await ask(at, ["config-key", "ls", "--format", "json"])) as string[];
    const there = await isThere(at, user);
    return {
        role,
        there,
        marks: keys.filter((key) => key.startsWith("cinder-dr/") && key.endsWith(`/user/${user}`)),
        sessions: there ? await sessions(at, user) : [],
    };
}

/** Whether nobody presents himself as the user any more; a finding for each that does. */
function judge(
    { topology, user, found }: RetireUserOptions,
    named: ReturnType<typeof namedBy>,
    sites: FormerUserAt[],
): boolean {
    const subject = `client.${user}`;
    if (named.length === 0)
        found({ state: "ok", subject, fact: "no attachment in Cinder names it" });
    else
        found({
            state: "problem",
            subject,
            fact: `${String(named.length)} attachment(s) name it: ${describeAttachments(named)}`,
            next: "shelve and unshelve these servers, or detach and attach, so that they are given the new user",
        });
    let free = named.length === 0;
    for (const { role, there, sessions: seen } of sites) {
        const { name } = topology.sites[role];
        const open = seen.length > 0;
        free &&= !open;
        found({
            state: open ? "problem" : "ok",
            subject: `${subject} on ${name}`,
            fact: open
                ? `connected now, from ${seen.join(", ")}`
                : there
                  ? "there, and nobody is connected as it"
                  : "not there",
            ...(open ? { next: "find these clients and give them a user of their own" } : {}),
        });
    }
    return free;
}

async function remove(
    { user, found, doing }: RetireUserOptions,
    at: CephSite,
    { there, marks }: FormerUserAt,
): Promise<void> {
    if (!there && marks.length === 0) return;
    const subject = `client.${user} on ${at.site.name}`;
    doing(`removing ${subject}`);
    try {
        if (there) await ask(at, ["auth", "del", `client.${user}`]);
        for (const mark of marks) await ask(at, ["config-key", "rm", mark]);
        found({ state: "ok", subject, fact: "removed" });
    } catch (error) {
        const why = wordsOf(error);
        found({
            state: "problem",
            subject,
            fact: `could not be removed: ${why}`,
            next: "run this again",
        });
    }
}

/**
 * Removes a Ceph user that the topology names no more from both sites, unless somebody still presents himself as it:
 * an attachment in Cinder, or a session with a monitor. Both sites and Cinder are asked before anything is removed.
 * @returns whether it may go; a removal that fails is a finding
 * @throws RemoteError or OpenStackError when something cannot be asked
 */
export async function retireUser(options: RetireUserOptions): Promise<boolean> {
    const { topology, cinder, user, doing } = options;
    doing("asking Cinder for attachments");
    // An admin's question: anybody else would be shown the attachments of one project, and that none names the user.
    await cinder.services();
    const named = namedBy(await cinder.allAttachments(), user);
    const sites = ROLES.map((role) => ({ role, at: new CephSite(role, topology.sites[role]) }));
    try {
        const seen: { at: CephSite; known: FormerUserAt }[] = [];
        for (const { role, at } of sites) {
            doing(`asking ${at.site.name}`);
            seen.push({ at, known: await look(at, role, user) });
        }
        const free = judge(
            options,
            named,
            seen.map(({ known }) => known),
        );
        if (free && options.remove)
            for (const { at, known } of seen) await remove(options, at, known);
        return free;
    } finally {
        for (const { at } of sites) at.close();
    }
}
