import { RELEASES } from "../../core/topology/release";
import { of, said, type Risk, type Situation } from "../risk";
import { restartsOf } from "../rollout";

/** Every member of a backend without a running cinder-volume at the same moment. */
function restartsAtOnce({ changes, rollout }: Situation): Risk[] {
    const { hosts, backends } = changes.after;
    const waves = rollout.waves.map((wave) => wave.filter(({ restart }) => restart !== "no"));
    return [...backends.keys()].flatMap((section) => {
        const serving = [...hosts].filter(([, h]) => section in h.stanzas).map(([name]) => name);
        // A backend with one host has no other: that is no choice of the rollout.
        if (serving.length < 2) return [];
        const together = waves.some((wave) =>
            serving.every((host) => wave.some((push) => push.host === host)),
        );
        if (!together || !rollout.isOrdered) return [];
        return of("backend", section)(
            "restarts-all-members",
            "high",
            `all of its hosts (${String(serving.length)}) restart at once: a bad section stops it everywhere`,
            "set rollout.canary to 1 or more, and rollout.batch to a number",
        );
    });
}

function bothSites({ changes, rollout }: Situation): Risk[] {
    const { before, after } = changes;
    const sites = new Set([
        ...restartsOf(rollout).map(({ host }) => after.hosts.get(host)?.facts.site),
        // A host that leaves the stack restarts as well, at the end.
        ...rollout.removals.map((host) => before.hosts.get(host)?.facts.site),
    ]);
    if (!sites.has("primary") || !sites.has("secondary")) return [];
    return [
        of("stack", "")(
            "both-sites-touched",
            "medium",
            "restarts hosts of both sites in one run: while a fault shows, neither site is as it was",
            "where a site is enough, change one, run cinder-dr verify, then the other",
        ),
    ];
}

/** A release as people call it: the topology is given names and holds Cinder's major number. */
const releaseSaid = (major: string | undefined): string => {
    const name = Object.keys(RELEASES).find((key) => String(RELEASES[key]) === major);
    return name === undefined ? said(major) : `${said(name)} (${major ?? ""})`;
};

const PUSH_LIMITS = ["healthSeconds", "applySeconds", "targetSeconds"];

function looserRollout({ changes }: Situation): Risk[] {
    return changes.settings.flatMap(({ key, before, after }): Risk[] => {
        const risk = of("stack", "");
        const change = `goes from ${said(before)} to ${said(after)}`;
        if (key === "release" && changes.before.hosts.size > 0)
            return [
                risk(
                    "release-changed",
                    "medium",
                    `release goes from ${releaseSaid(before)} to ${releaseSaid(after)}: what is written into cinder.conf and which policies judge it go by it${after === undefined ? "; those that need a release judge nothing now" : ""}`,
                    "compare with the cinder-volume that runs on the hosts",
                ),
            ];
        if (before === undefined) return [];
        if (key === "pauseSeconds" && Number(after) < Number(before))
            return [
                risk(
                    "pause-shortened",
                    "medium",
                    `rollout.pauseSeconds ${change}: a fault that shows late has reached more hosts by then`,
                    "keep it as long as a fault takes to show",
                ),
            ];
        if (key === "canary" && after === "0")
            return [
                risk(
                    "canary-removed",
                    "high",
                    `rollout.canary ${change}: the first push reaches many hosts`,
                    "keep 1",
                ),
            ];
        if (key === "canary" && Number(after) < Number(before))
            return [
                risk(
                    "canary-lowered",
                    "medium",
                    `rollout.canary ${change}: fewer hosts are tried one by one before the batches`,
                    "keep enough to see every kind of host first",
                ),
            ];
        if (key === "batch" && (after === "all" || Number(after) > Number(before)))
            return [
                risk(
                    "batch-raised",
                    "medium",
                    `rollout.batch ${change}: more hosts restart at once`,
                    "keep it small against the number of hosts",
                ),
            ];
        if (PUSH_LIMITS.includes(key) && Number(after) > Number(before))
            return [
                risk(
                    "push-timeout-loosened",
                    "medium",
                    `timeouts.${key} ${change}: a bad push is noticed later`,
                    "raise it only for hosts that are slow",
                ),
            ];
        return [];
    });
}

function sites({ changes }: Situation): Risk[] {
    const { primary, secondary } = changes.before.sites;
    const { after } = changes;
    if (
        primary !== undefined &&
        after.sites.secondary === primary &&
        after.sites.primary === secondary
    )
        return [
            of("stack", "")(
                "sites-exchanged",
                "critical",
                "the two sites change places: cinder-dr would take each cluster for the other in verify, failover and failback, while a designed role never changes, whichever site is active",
                "after a failover change nothing here; failback goes back",
            ),
        ];
    return changes.sites
        .filter(({ before }) => before !== undefined)
        .map(({ key, before, after: now }) =>
            of("stack", "")(
                "site-renamed",
                "high",
                `the ${key} site goes from ${said(before)} to ${said(now)}: either a name, or another Ceph cluster`,
                "compare with rbd mirror pool info; another cluster has nothing of the existing volumes",
            ),
        );
}

/** Everything disappears: not a change of protection but its end. */
function emptied({ changes }: Situation): Risk[] {
    const { before, after } = changes;
    const had = before.backends.size + before.types.size;
    if (had === 0 || after.backends.size + after.types.size > 0) return [];
    return [
        of("stack", "")(
            "everything-removed",
            "critical",
            "nothing of the stack stays: no backend, no volume type",
            "check that the program was given the right topology",
        ),
    ];
}

export const stackRisks = (situation: Situation): Risk[] => [
    ...emptied(situation),
    ...sites(situation),
    ...restartsAtOnce(situation),
    ...looserRollout(situation),
    ...bothSites(situation),
];
