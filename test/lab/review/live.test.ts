import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { parseMirrorStatus } from "../../../core/mirrorStatus";
import * as rbd from "../../../core/rbd";
import { CephSite } from "../../../operations/cephSite";
import { Cinder } from "../../../operations/cinder";
import { findCloud } from "../../../operations/cloud";
import type { OpenStackApi } from "../../../operations/openstack";
import { waitFor } from "../../../operations/wait";
import { blockStorage } from "../blockStorage";
import {
    expectCode,
    lab,
    labEnvironment,
    LabHost,
    labTopology,
    resolved,
    type Mutable,
} from "../support";
import { assertGolden } from "./golden";
import { PLANTED, Repository, STACK } from "./repository";

const EXEMPTIONS = [
    {
        rule: "volume-type-is-protected",
        resource: "replicated",
        reason: "taken down with the test",
        expires: "2027-01-31",
    },
];

/** A review with credentials, of the lab's own hosts, clusters and Cinder. */
describe("review --live on the lab", () => {
    const server = randomUUID();
    const host = new LabHost("cinder-a");
    let repository: Repository;
    let stack: Mutable;
    let cinder: Cinder;
    let storage: OpenStackApi;
    let volume: string | undefined;

    const act = (action: object): Promise<unknown> =>
        storage.call("POST", `/volumes/${volume ?? ""}/action`, action);
    const until = (what: string, is: () => Promise<boolean>): Promise<true> =>
        waitFor(async () => ((await is()) ? true : undefined), {
            what,
            seconds: 120,
            signal: AbortSignal.timeout(150_000),
        });
    const hasStatus = (wanted: string) => async () =>
        (await cinder.volume(volume ?? ""))?.status === wanted;

    before(async () => {
        cinder = new Cinder(findCloud(labEnvironment()));
        storage = blockStorage();
        repository = await Repository.make();
        expectCode(await repository.pulumi("stack", "init"), 0);
        stack = parse(readFileSync(join(repository.folder, `Pulumi.${STACK}.yaml`), "utf8"));
        repository.commit(stack, labTopology(), EXEMPTIONS);
        expectCode(await repository.pulumi("up", "--yes", "--skip-preview"), 0);
        repository.git("checkout", "--quiet", ".");
        repository.git("tag", "applied");

        const { id } = await cinder.createVolume({
            name: "of a review",
            description: "",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        });
        volume = id;
        await until("the volume", hasStatus("available"));
        await act({ "os-attach": { instance_uuid: server, mountpoint: "/dev/vdb" } });
        await until("the volume in use", hasStatus("in-use"));
        const secondary = new CephSite("secondary", resolved(labTopology()).sites.secondary);
        try {
            await until("the mirrored image", async () => {
                const { code, stdout } = await secondary.attempt(
                    rbd.imageStatus(`volumes/volume-${id}`),
                );
                if (code !== 0) return false;
                const status = parseMirrorStatus(stdout.toString());
                return status.state === "up+replaying" && status.entriesBehindPrimary === 0;
            });
        } finally {
            secondary.close();
        }
    });
    after(async () => {
        try {
            if (volume !== undefined) {
                await act({ "os-detach": {} });
                await until("the volume detached", hasStatus("available"));
                await cinder.deleteVolume(volume);
                await until(
                    "the volume gone",
                    async () => (await cinder.volume(volume ?? "")) === undefined,
                );
            }
            expectCode(await repository.pulumi("destroy", "--yes", "--skip-preview"), 0);
        } finally {
            await Promise.all([cinder.close(), storage.close(), repository.close()]);
            host.close();
        }
    });

    const review = async (change: (topology: Mutable) => void) => {
        repository.git("reset", "--quiet", "--hard", "applied");
        const topology = labTopology();
        change(topology);
        repository.commit(stack, topology, EXEMPTIONS);
        const { stdout, output, code } = await repository.review("--base", "applied", "--live");
        for (const secret of PLANTED) assert.ok(!output.includes(secret), secret);
        return { text: repository.settled(stdout), output, code };
    };
    const raised = (topology: Mutable): void => {
        topology.backends.ceph.radosConnectTimeoutSeconds = 20;
    };

    it("counts the volumes and servers, reads the lag, and finds no drift", async () => {
        const { text, code, output } = await review(raised);
        assert.equal(code, 0, output);
        assert.match(
            text,
            // The lab has one volume that is not replicated, as most clouds have.
            /Volumes and servers concerned\? \| backend `ceph`: 2 volumes \(1 not replicated\) of 1 server \|/,
        );
        assert.match(
            text,
            /\| backend `ceph` \| 2 \(1 not replicated\) \| 2 GiB \| 1 \| 1 of 1 image replaying/,
        );
        assert.match(text, /Nothing that the change touches has drifted from the base/);
    });

    it("says what somebody changed by hand on what the change touches", async () => {
        const set = (seconds: number) =>
            host.sh(
                `sed -i 's/^rados_connect_timeout = .*/rados_connect_timeout = ${String(seconds)}/' /etc/cinder/cinder.conf`,
            );
        await set(11);
        try {
            const { text, code, output } = await review(raised);
            assert.equal(code, 0, output);
            assert.match(
                text,
                /2 volumes \(1 not replicated\) of 1 server; \*\*2 drifted\*\*, see below/,
            );
            assert.match(text, /- drift: hosts\.cinder-a: .*rados_connect_timeout/);
            assertGolden("live", text.replace(/\bprocess \d+/g, "process PID"));
        } finally {
            await set(5);
        }
    });

    it("fails closed, with the reason, when a cluster cannot be asked", async () => {
        const { text, code, output } = await review((topology) => {
            raised(topology);
            // Nobody listens there.
            topology.sites.secondary.adminHost.port = 9;
        });
        assert.equal(code, 1, output);
        assert.match(text, /⛔ \*\*Do not merge: this change could not be judged/);
        assert.match(text, /not seen: lag of ceph: /);
    });

    it("fails closed while the primary hangs, whatever the secondary has last heard of it", async () => {
        lab("stop", "primary", "mon");
        try {
            const { text, code, output } = await review(raised);
            assert.equal(code, 1, output);
            assert.match(text, /not seen: lag of ceph: site primary/);
            assert.match(text, /not seen: sites\.primary.*: cannot see, /);
        } finally {
            lab("cont", "primary", "mon");
        }
    });
});
