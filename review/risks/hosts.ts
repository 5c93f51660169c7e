import { compareFacts, newNameOf, valueOf, type Change } from "../changes";
import { of, only, said, type Level, type Risk, type Situation } from "../risk";

/** A fact of a host whose change means something by itself. */
const MEANINGS: readonly [key: string, risk: string, Level, means: string, next: string][] = [
    [
        "hostKey",
        "host-key-changed",
        "high",
        "another machine, or a reinstalled one, is trusted from now on",
        "compare with /etc/ssh/ssh_host_ed25519_key.pub on the host's console",
    ],
    [
        "nextHostKey",
        "host-key-changed",
        "high",
        "this key is trusted beside hostKey while it stands there",
        "compare with the key that the host is to get; take it out when the host shows it as hostKey",
    ],
    [
        "address",
        "host-address-changed",
        "high",
        "the push goes to another machine, and the old one keeps its configuration",
        "a new machine gets a name of its own; take the old name out",
    ],
    [
        "proxy",
        "jump-host-changed",
        "medium",
        "the push goes through another jump host",
        "check that it is yours",
    ],
    [
        "configFile",
        "config-file-changed",
        "high",
        "another file is written, and the old one keeps what was written to it",
        "check which file cinder-volume is started with (--config-file)",
    ],
    [
        "cluster",
        "host-cluster-changed",
        "medium",
        "a push is refused unless its cinder.conf says the same, and members of a cluster are never all pushed at once",
        "another cluster in cinder.conf renames the services and orphans their volumes",
    ],
    [
        "site",
        "host-site-changed",
        "medium",
        "policies and this review count it to that site from now on",
        "check where it stands: a site's hosts are told apart by this alone",
    ],
    [
        "user",
        "ssh-login-changed",
        "medium",
        "the push logs in as somebody else",
        "check that it may do what the push does (sudo)",
    ],
    [
        "port",
        "ssh-login-changed",
        "medium",
        "the push reaches whatever listens there",
        "check that it is this host",
    ],
    [
        "serviceUser",
        "service-user-changed",
        "medium",
        "the targets are tried as another user than before",
        "it must be the user that cinder-volume runs as, who reads the keyrings",
    ],
    [
        "python",
        "service-changed",
        "medium",
        "cinder.conf is checked by another Cinder",
        "it must be the interpreter of the cinder-volume that runs",
    ],
    [
        "service",
        "service-changed",
        "medium",
        "cinder-volume is restarted in another way",
        "check that this is how it runs on the host",
    ],
];

function changed(change: Change): Risk[] {
    const risk = of("host", change.name);
    const meanings = MEANINGS.flatMap(([key, name, level, means, next]) => {
        const value = valueOf(change, key);
        if (value === undefined) return [];
        // Two host keys side by side tell a reader nothing that the table below does not.
        const isPair = value.before !== undefined && value.after !== undefined;
        // One that goes is trusted no longer.
        if (key === "nextHostKey" && value.after === undefined) return [];
        const values =
            isPair && /hostkey$/i.test(key)
                ? "changes"
                : `goes from ${said(value.before)} to ${said(value.after)}`;
        return risk(name, level, `${key} ${values}: ${means}`, next);
    });
    return [...meanings, ...guards(change)];
}

/** What a push no longer checks on this host, and what it no longer refuses. */
function guards({ name, kind, values }: Change): Risk[] {
    if (kind === "removed") return [];
    return values.flatMap(({ key, before, after }) => {
        if (key === "skipChecks" && after !== undefined) {
            const had = JSON.parse(before ?? "[]") as string[];
            const more = (JSON.parse(after) as string[]).filter((check) => !had.includes(check));
            if (more.length === 0) return [];
            return of("host", name)(
                "check-skipped",
                "high",
                `the push leaves out ${more.join(", ")} on this host`,
                "only for a host without a Cinder of its own",
            );
        }
        if (!key.startsWith("consent ") || after === undefined) return [];
        const refusal = key.slice("consent ".length);
        return of("host", name)(
            "consent-given",
            "high",
            `the refusal ${refusal} is overridden on this host, because ${said(after)}`,
            "read docs/hosts.md on what this refusal guards; take the consent out again afterwards",
        );
    });
}

const withoutKey = ({ changes }: Situation): Risk[] =>
    [...changes.after.hosts].flatMap(([name, { facts }]) =>
        facts.hostKey === undefined || facts.hostKey === ""
            ? of("host", name)(
                  "host-without-key",
                  "critical",
                  "has no pinned host key: whoever answers at its address gets cinder.conf's replication and the login",
                  "pin hostKey",
              )
            : [],
    );

/** A host that the topology leaves out keeps whatever it has, replicated or not. */
const leftOut = ({ changes }: Situation): Risk[] =>
    [...changes.after.hosts].flatMap(([name, { facts }]) =>
        facts.unreachable === undefined
            ? []
            : of("host", name)(
                  "host-left-out",
                  "high",
                  `is named as unreachable, because ${said(facts.unreachable)}: nothing is applied to it, and its cinder-volume keeps what it has`,
                  "run pulumi up again without the mark as soon as it can be reached",
              ),
    );

/** What it has is known to nobody: neither the state nor the topology before shows what it missed. */
const reachedAgain = ({ changes: { before, after } }: Situation): Risk[] =>
    [...after.hosts].flatMap(([name, { facts }]) => {
        const why = before.hosts.get(name)?.facts.unreachable;
        if (why === undefined || facts.unreachable !== undefined) return [];
        return of("host", name)(
            "host-reached-again",
            "medium",
            `was named as unreachable, because ${said(why)}: all that was merged meanwhile reaches it with this push, and no diff here shows what it has; a section that it loses stops a service`,
            "compare its cinder.conf with the topology before merging",
        );
    });

const removed = ({ name }: Change, now: string | undefined): Risk =>
    now === undefined
        ? of("host", name)(
              "host-removed",
              "high",
              "leaves the stack: its cinder.conf says again what it said before, without the replication device, and its cinder-volume restarts",
              "stop cinder-volume there for good, or its new volumes have no copy; volumes that name its service have to be moved",
              "volumes made there afterwards have no copy",
          )
        : of("host", name)(
              "host-renamed",
              "medium",
              `becomes ${said(now)} of the same machine and file: ${said(now)} is pushed first, and the removal of ${said(name)} then leaves the file as it is`,
              "nothing; when the push under the new name fails, go through with it before the name is changed back",
          );

/** What else changes of a host that gets another name: neither its removal nor its addition tells. */
const renamed = ({ changes }: Situation): Risk[] =>
    only(changes.hosts, "removed").flatMap(({ name }) => {
        const now = newNameOf(name, changes);
        if (now === undefined) return [];
        const [old, facts] = [changes.before.hosts.get(name), changes.after.hosts.get(now)].map(
            (host) => host?.facts,
        );
        return changed({ name: now, kind: "changed", values: compareFacts(old, facts) });
    });

export const hostRisks = (situation: Situation): Risk[] => [
    ...only(situation.changes.hosts, "removed").map((change) =>
        removed(change, newNameOf(change.name, situation.changes)),
    ),
    ...only(situation.changes.hosts, "changed").flatMap(changed),
    ...renamed(situation),
    ...only(situation.changes.hosts, "added").flatMap(guards),
    ...withoutKey(situation),
    ...leftOut(situation),
    ...reachedAgain(situation),
];
