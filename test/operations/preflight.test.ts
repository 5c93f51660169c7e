import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { HostFacts } from "../../core/survey";
import type { Role } from "../../core/topology/site";
import type { Parts } from "../../operations/parts";
import { preflight } from "../../operations/preflight";
import { RemoteError } from "../../operations/ssh";
import { backend, names, reader, row, view, writer } from "../support/survey";

const VOLUME = {
    id: "v1",
    name: "db",
    status: "available",
    replication_status: "enabled",
    "os-vol-host-attr:host": "cinder-a@ceph#ceph",
    volume_type: "replicated",
    size: 2,
};

/** A cloud with one volume of 2 GiB, whose primary's admin host is silent, while a Cinder host still reaches that site. */
function cloud(): { parts: Parts; asked: Role[] } {
    const asked: Role[] = [];
    const look = (_: unknown, sides: readonly Role[]): Promise<HostFacts> => {
        asked.push(...sides);
        return Promise.resolve({ name: "cinder-a", service: "cinder-a@ceph", reach: {} });
    };
    const none = () => Promise.resolve([]);
    const secondary = () => Promise.resolve(view({ "volume-v1": reader() }));
    const silent = () => Promise.reject(new RemoteError("paris", "no answer"));
    const parts = {
        names,
        cinder: {
            services: () => Promise.resolve([row()]),
            allVolumes: () => Promise.resolve([VOLUME]),
            allSnapshots: none,
            volumeTypes: none,
        },
        hostsOf: () => [{ look }],
        sites: {
            primary: { pool: silent, site: { name: "paris" } },
            secondary: { pool: secondary, site: { name: "lyon" } },
        },
    };
    return { parts: parts as unknown as Parts, asked };
}

describe("a preflight", () => {
    const journals = mkdtempSync(join(tmpdir(), "cinder-dr-preflight-"));
    const usual = process.env.CINDER_DR_JOURNALS;
    before(() => {
        process.env.CINDER_DR_JOURNALS = journals;
    });
    after(() => {
        if (usual === undefined) delete process.env.CINDER_DR_JOURNALS;
        else process.env.CINDER_DR_JOURNALS = usual;
        rmSync(journals, { recursive: true });
    });
    it("knows from Cinder how much a failback copies", async () => {
        const { parts } = cloud();
        const secondary = view({ "volume-v1": writer() });
        parts.sites.secondary.pool = <T>() => Promise.resolve(secondary as T);
        const forked = view({ "volume-v1": writer() });
        parts.sites.primary.pool = <T>() => Promise.resolve(forked as T);
        const { duration } = await preflight(
            parts,
            backend,
            "failback",
            new AbortController().signal,
        );
        assert.equal(duration.parts[1]?.part, "resync of up to 2.0 GiB");
    });
    for (const move of ["planned", "forced", "failback"] as const)
        it(`of a ${move} move asks each host for its way to both sites`, async () => {
            const { parts, asked } = cloud();
            const { blockers } = await preflight(
                parts,
                backend,
                move,
                new AbortController().signal,
            );
            assert.deepEqual(asked, ["primary", "secondary"]);
            const lives = blockers.some(({ fact }) =>
                fact.includes("the primary lives: cinder-a reaches paris"),
            );
            assert.equal(lives, move === "forced");
        });
});
