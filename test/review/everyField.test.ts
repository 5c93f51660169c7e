import { strict as assert } from "node:assert";

import { parseTopology, type Topology } from "../../core/topology";
import { accessOf, otherHostsOf } from "../../review/access";
import { compare, isNothing, type Changes } from "../../review/changes";
import { nothingBeside, type Declared } from "../../review/declared";
import { declaredBy } from "../../review/declaredBy";
import { planRollout } from "../../review/rollout";
import { risksOf } from "../../review/risks";
import { goodTopology, HOST_KEY, withValue } from "../support/topology";
import { twoBackends } from "./support";

const hop = { address: "192.0.2.9", port: 2222, user: "jump", hostKey: HOST_KEY };
const connection = {
    ...hop,
    nextHostKey: HOST_KEY,
    identityFile: "/root/.ssh/id",
    proxy: { ...hop, nextHostKey: HOST_KEY, identityFile: "/root/.ssh/jump" },
};
const site = (name: string, n: number, rbdMirror: object | undefined) => ({
    ...goodTopology().sites.primary,
    name,
    fsid: `00000000-0000-4000-8000-0000000000a${String(n)}`,
    keyring: `/etc/ceph/${name}.keyring`,
    commandPrefix: ["cephadm", "shell", "--"],
    adminHost: { ...connection, address: `192.0.2.${String(n)}` },
    watchUser: "watch",
    ...(rbdMirror === undefined ? {} : { rbdMirror }),
});

/** Every field that a topology can have, with `mirroring` or without. */
function whole(isMirroring: boolean): Topology {
    const [daemons, orchestrated] = isMirroring
        ? [
              { hosts: { "ceph-paris": connection } },
              { orchestrator: { placement: "count:1" }, healthSeconds: 60 },
          ]
        : [];
    const sites = { primary: site("paris", 1, daemons), secondary: site("lyon", 2, orchestrated) };
    const given: object = {
        ...twoBackends(),
        release: "zed",
        sites,
        hosts: {
            "cinder-a": {
                ...connection,
                site: "primary",
                cluster: "ha",
                skipChecks: ["target"],
                consent: { unreachableTarget: "CHG-1" },
            },
            "cinder-b": { hostKey: HOST_KEY, unreachable: "rack is dark" },
        },
        volumeTypes: {
            replicated: { backend: "ceph", description: "two sites", extraSpecs: { tier: "gold" } },
            ours: { backend: "fast", projects: ["0123456789abcdef0123456789abcdef"] },
        },
        ...(isMirroring
            ? {
                  mirroring: {
                      createPools: { pgNum: 32 },
                      users: { cinder: { osd: ["profile rbd pool=vms"], mgr: [] } },
                      clientFiles: { group: "cinder" },
                      consent: { narrowCaps: "CHG-2" },
                  },
                  computes: { "nova-1": { ...connection, commandPrefix: ["docker", "exec"] } },
              }
            : {}),
    };
    const others = withValue("backends/ceph/otherHosts", ["edge-1", "edge-2"], given);
    return parseTopology(withValue("backends/ceph/options", { rbd_max_clone_depth: 3 }, others));
}

const declaredWith = (topology: Topology): Declared => ({
    ...declaredBy(topology),
    beside: { ...nothingBeside(), access: accessOf(topology), otherHosts: otherHostsOf(topology) },
});

type Tree = Record<string, unknown>;

/** The topology with each of its values changed in turn, by the value's path. */
function* changed(topology: Topology): Generator<[path: string, Topology]> {
    const paths: string[][] = [];
    const walk = (value: unknown, path: string[]): void => {
        if (typeof value !== "object" || value === null) paths.push(path);
        else for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
    };
    walk(topology, []);
    for (const path of paths) {
        const copy = structuredClone(topology);
        const last = path.at(-1) ?? "";
        const parent = path
            .slice(0, -1)
            .reduce<Tree>((at, key) => at[key] as Tree, copy as unknown as Tree);
        const value = parent[last];
        parent[last] =
            typeof value === "number"
                ? value + 1
                : typeof value === "boolean"
                  ? !value
                  : `${String(value)}x`;
        yield [path.join("."), copy];
    }
}

/** Values that say what they say only where something else is there too. */
const nothingByItself = (isMirroring: boolean): RegExp[] => [
    // A name is a key of the topology: what has another one is another thing, and that is tested for each.
    /^hosts\.\d+\.name$/,
    // No topology without `mirroring` can name it.
    ...(isMirroring ? [] : [/^sites\.\w+\.rbdMirror\./]),
    // The type's extra specs say the same, and they are what Cinder is told.
    /^volumeTypes\.\d+\.(?:backend|volumeBackendName)$/,
];

/** What the comment shows and calls no risk. */
const HARMLESS = [
    // Of pools that are made from now on.
    "mirroring.createPools.pgNum",
    // Another reason; that the host is left out is a risk either way.
    "hosts.unreachable",
    "volumeTypes.description",
    // Switched on, more hosts one by one, and a longer pause: more caution than before.
    "volumeTypes.retainOnDelete",
    "rollout.canary",
    "rollout.pauseSeconds",
];

const risks = (changes: Changes) => risksOf({ changes, rollout: planRollout(changes), steps: [] });

describe("a field of the topology", () => {
    for (const isMirroring of [false, true])
        it(`never changes in silence ${isMirroring ? "with" : "without"} mirroring`, () => {
            const topology = whole(isMirroring);
            const before = declaredWith(topology);
            assert.ok(isNothing(compare(before, declaredWith(structuredClone(topology)))));
            const excepted = nothingByItself(isMirroring);
            // A host that is left out is a risk of every change.
            const always = risks(compare(before, before));
            const silent: string[] = [];
            const harmless: string[] = [];
            for (const [path, copy] of changed(topology)) {
                if (excepted.some((known) => known.test(path))) continue;
                const changes = compare(before, declaredWith(copy));
                if (isNothing(changes)) silent.push(path);
                if (risks(changes).length === always.length)
                    harmless.push(path.replace(/\.\d+/g, ""));
            }
            assert.deepEqual(silent, []);
            assert.deepEqual(
                new Set(harmless),
                new Set(isMirroring ? HARMLESS : HARMLESS.slice(1)),
            );
        });
});
