import { strict as assert } from "node:assert";

import { Cinder } from "../../../operations/cinder";
import { findCloud } from "../../../operations/cloud";
import { waitFor } from "../../../operations/wait";
import { adminHosts } from "../adminHost";
import { destroy, expectCode, labEnvironment, LabHost, labTopology, up } from "../support";

/** Everything of a site that a removal could touch. */
const SHOWN = `
ceph osd pool ls; ceph auth ls 2>/dev/null | sha256sum; ceph config-key ls
rbd mirror pool info volumes --all --format json | sha256sum
pgrep -x rbd-mirror; find /etc/ceph -type f | sort
`;

/** `destroy` takes back what the stack made, and nothing under volumes. */
describe("the removal of the stack lab", () => {
    const topology = labTopology();
    const sites = adminHosts();
    const hosts = [new LabHost("cinder-a"), new LabHost("cinder-b")];
    const cinder = new Cinder(findCloud(labEnvironment()));
    const onBoth = (text: string) => Promise.all(Object.values(sites).map((site) => site.sh(text)));
    const within = (what: string) => ({
        what,
        seconds: 90,
        signal: AbortSignal.timeout(120_000),
    });
    const look = async () => [
        ...(await onBoth(SHOWN)),
        ...(await Promise.all(hosts.flatMap((host) => [host.files(), host.pid()]))),
    ];
    /** What `destroy` says, which must have changed nothing. */
    const refused = async (): Promise<string> => {
        const before = await look();
        const { code, output } = await destroy(topology);
        assert.notEqual(code, 0, output);
        assert.deepEqual(await look(), before);
        return output;
    };

    before(async () => {
        if (!/cinder-dr\//.test(await sites.primary.sh("ceph config-key ls")))
            expectCode(await up(topology), 0);
    });
    after(async () => {
        for (const one of [...hosts, ...Object.values(sites)]) one.close();
        await cinder.close();
    });

    it("is refused while an image is mirrored through it", async () => {
        const { id } = await cinder.createVolume({
            name: "protected",
            description: "",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        });
        await waitFor(
            async () => ((await cinder.volume(id))?.status === "available" ? true : undefined),
            within("the volume"),
        );
        assert.match(
            await refused(),
            /cinder-dr: site primary: guard: 1 image\(s\) of pool 'volumes' are mirrored, and their mirroring came from here; delete or retype these volumes first: `rbd mirror pool status --verbose volumes` names them \(this step changed nothing\)/,
        );
        await cinder.deleteVolume(id);
        const empty = async () =>
            (await onBoth("rbd ls volumes; rbd trash ls --all volumes")).join("") === "";
        await waitFor(async () => ((await empty()) ? true : undefined), within("empty pools"));
    });

    it("is refused while a pool that it made holds data, on either site", async () => {
        await sites.secondary.sh("rbd create --size 1M --image-feature layering volumes/by-hand");
        assert.match(
            await refused(),
            /cinder-dr: site secondary: guard: pool 'volumes' holds data \(1 image\(s\), trash or namespaces\), and it came from here; delete or move them first: `rbd ls volumes`, `rbd trash ls volumes` \(this step changed nothing\)/,
        );
        await sites.secondary.sh("rbd rm --no-progress volumes/by-hand");
    });

    it("goes from types and hosts to pools, and leaves bare clusters and hosts", async () => {
        const { output } = expectCode(await destroy(topology), 0);
        const gone = [...output.matchAll(/:(?:Command|VolumeTypeV3) (\S+) deleted/g)].map(
            ([, name = ""]) => name,
        );
        const order = [
            ...["replicated", "cinder-b", "cinder-a", "primary-health"],
            ...["ceph-primary-rbd-mirror", "secondary-volumes-peer", "primary-volumes-peer"],
            ...["primary-users", "primary-volumes", "secondary-survey", "primary-survey"],
        ];
        assert.deepEqual(
            gone.filter((name) => order.includes(name)),
            order,
        );
        for (const seen of await onBoth(
            "ceph osd pool ls; ceph auth ls 2>/dev/null; ceph config-key ls",
        ))
            assert.doesNotMatch(
                seen,
                /volumes|client\.cinder|client\.rbd-mirror|rbd\/mirror|cinder-dr\//,
            );
        for (const files of await onBoth("ls -A /etc/ceph; pgrep -x rbd-mirror || true"))
            assert.deepEqual(files.split("\n"), ["ceph.client.admin.keyring", "ceph.conf"]);
        for (const host of hosts) {
            assert.equal(await host.sh("ls -A /etc/ceph"), "");
            assert.equal(await host.hasStateFolder(), false);
            assert.doesNotMatch(await host.config(), /replication_device|cinder-2/);
        }
    });
});
