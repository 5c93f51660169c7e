import { sectionsIn } from "../facts/cinderConf";
import { addressOf, hopsOf } from "../facts/connections";
import { textsOf } from "../facts/texts";
import { quoted } from "../quoted";
import type { StackRule } from "../rule";
import type { Seen } from "../seen";
import { siteOf } from "../stack";

/** A ceph.conf that a resource writes, and what tells its cluster from others: fsid and monitors. */
interface Cluster {
    resource: Seen;
    file: string;
    signs: string[];
}

const FILE = /\/etc\/ceph\/[\w.-]+\.conf\b/;

/** A text cut before each file that it names: a script names a file and then what goes into it. */
const partsOf = (text: string): string[] => text.split(new RegExp(`(?=${FILE.source})`));

function clustersOf(resource: Seen): Cluster[] {
    const parts = textsOf(resource).flatMap(({ text }) => partsOf(text));
    const named = parts.find((part) => FILE.test(part)) ?? "";
    const [first] = FILE.exec(named) ?? [];
    if (first === undefined) return [];
    // What is primary on the hosts of one site is secondary on those of the other.
    const where = hopsOf(resource).map(addressOf).join();
    const globals = parts.flatMap((part) =>
        sectionsIn(part)
            .filter(({ name }) => name === "global")
            .map(({ options }) => ({ file: FILE.exec(part)?.[0] ?? first, options })),
    );
    return globals.map(({ file, options }) => {
        const [fsid] = options.get("fsid") ?? [];
        const hosts = (options.get("mon_host") ?? options.get("mon host") ?? []).flatMap(
            (list) => list.match(/[\w.-]+(?::\d+)?/g) ?? [],
        );
        const monitors = hosts
            .filter((host) => /[.]/.test(host))
            .map((host) => `mon_host ${host} ${where}`);
        return {
            resource,
            file,
            signs: [...(fsid === undefined ? [] : [`fsid ${fsid} ${where}`]), ...monitors],
        };
    });
}

export const twoSitesAreTwoClusters: StackRule = {
    name: "two-sites-are-two-clusters",
    demand: "The two sites are two clusters",
    why: "A cluster that mirrors to itself is gone with its site",
    source: "librbd refuses a peer with its own fsid",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [],
    checks: [10],
    *judgeStack({ resources, recoveries }) {
        for (const recovery of recoveries) {
            const [primary, secondary] = [
                siteOf(recovery, "primary"),
                siteOf(recovery, "secondary"),
            ];
            for (const key of ["name", "fsid"] as const)
                if (
                    primary[key] !== undefined &&
                    primary[key].toLowerCase() === secondary[key]?.toLowerCase()
                )
                    yield {
                        urn: recovery.urn,
                        sentence: `has two sites with the ${key} ${quoted(primary[key])}; name two clusters`,
                    };
        }
        const first = new Map<string, Cluster>();
        for (const cluster of resources.flatMap(clustersOf))
            for (const sign of cluster.signs) {
                const other = first.get(sign) ?? cluster;
                first.set(sign, other);
                if (other.file !== cluster.file)
                    yield {
                        urn: cluster.resource.urn,
                        sentence: `writes ${quoted(cluster.file)} with the ${sign.split(" ")[0] ?? ""} of ${quoted(other.file)}; give each site's conf its own cluster`,
                    };
            }
    },
};
