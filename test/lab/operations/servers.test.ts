import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ServerPlan } from "../../../core/serverPlan";
import { Cinder } from "../../../operations/cinder";
import { findCloud } from "../../../operations/cloud";
import { OpenStackApi } from "../../../operations/openstack";
import { waitFor } from "../../../operations/wait";
import { blockStorage } from "../blockStorage";
import { configFile, expectCode, lab, labEnvironment, labTopology, run, up } from "../support";

const within = (): AbortSignal => AbortSignal.timeout(600_000);

/** Servers of a real Nova (fake virt driver) with a data volume, and booted from a volume, over a failover and back. */
describe("cinder-dr servers on the lab", () => {
    const topology = labTopology();
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-servers-"));
    const ofMoves = mkdtempSync(join(tmpdir(), "cinder-dr-moves-"));
    const journals = { CINDER_DR_JOURNALS: folder };
    let cinder: Cinder;
    let nova: OpenStackApi;
    let storage: OpenStackApi;
    let words: string[] = [];
    const made = { volumes: [] as string[], servers: [] as string[] };

    const servers = (...more: string[]) => run("node", [...words, ...more], journals);
    const plans = async (): Promise<ServerPlan[]> => {
        const { stdout } = await servers("--json");
        const { backends } = JSON.parse(stdout) as { backends: { servers: ServerPlan[] }[] };
        return backends[0]!.servers.filter(({ id }) => made.servers.includes(id));
    };
    const cures = async () => (await plans()).map(({ name, cure }) => `${name}: ${cure}`);

    async function volume(name: string): Promise<string> {
        const { id } = await cinder.createVolume({
            name,
            description: "of a test",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        });
        made.volumes.push(id);
        const ready = async () =>
            (await cinder.volume(id))?.status === "available" ? true : undefined;
        await waitFor(ready, { what: `volume ${name}`, seconds: 120, signal: within() });
        return id;
    }
    async function server(name: string, volumeId: string): Promise<string> {
        const { flavors } = await nova.call<{ flavors: { id: string; name: string }[] }>(
            "GET",
            "/flavors",
        );
        const disk = {
            boot_index: 0,
            uuid: volumeId,
            source_type: "volume",
            destination_type: "volume",
        };
        const body = {
            name,
            flavorRef: flavors.find((f) => f.name === "tiny")!.id,
            networks: "none",
            block_device_mapping_v2: [disk],
        };
        const answer = await nova.call<{ server: { id: string } }>("POST", "/servers", {
            server: body,
        });
        made.servers.push(answer.server.id);
        await untilStatus(answer.server.id, "ACTIVE");
        return answer.server.id;
    }
    const untilStatus = (id: string, wanted: string) =>
        waitFor(
            async () => {
                const { server } = await nova.call<{ server: { status: string } }>(
                    "GET",
                    `/servers/${id}`,
                );
                return server.status === wanted ? true : undefined;
            },
            { what: `server ${id} to be ${wanted}`, seconds: 180, signal: within() },
        );
    const move = (...more: string[]) =>
        run("node", ["cli/bin.js", ...more, ...words.slice(2)], { CINDER_DR_JOURNALS: ofMoves });
    /** Its consents, once nothing else stands in its way: a new image's status takes up to 30 s. */
    const ready = (name: "planned" | "failback") =>
        waitFor(
            async () => {
                const { stdout } = await move("preflight", name, "--json");
                const { ok, plan } = JSON.parse(stdout) as {
                    ok: boolean;
                    plan: { consents: { name: string; count: number }[] };
                };
                return ok ? plan.consents : undefined;
            },
            { what: `a ${name} one to be ready`, seconds: 180, signal: within() },
        );
    const flags = (consents: { name: string; count: number }[]) =>
        consents.flatMap(({ name, count }) => ["--accept-loss", `${name}=${String(count)}`]);
    /** With every server running, which is what leaves it with the old connection. */
    const over = async () =>
        expectCode(await move("failover", "--planned", ...flags(await ready("planned"))), 0);
    const back = async () =>
        expectCode(await move("failback", ...flags(await ready("failback"))), 0);

    before(async () => {
        lab("up", "--nova");
        expectCode(await up(topology), 0);
        const cloud = findCloud(labEnvironment());
        cinder = new Cinder(cloud);
        storage = blockStorage();
        nova = new OpenStackApi(cloud, {
            name: "Nova",
            types: ["compute"],
            apiVersion: "compute 2.79",
        });
        words = ["cli/bin.js", "servers", "--topology", configFile(topology)];
        const [boot, root, data] = [
            await volume("servers-boot"),
            await volume("servers-root"),
            await volume("servers-data"),
        ];
        for (const id of [boot, root])
            await storage.call("POST", `/volumes/${id}/action`, {
                "os-set_bootable": { bootable: true },
            });
        await server("servers-db", boot);
        const web = await server("servers-web", root);
        await nova.call("POST", `/servers/${web}/os-volume_attachments`, {
            volumeAttachment: { volumeId: data },
        });
        const attached = async () =>
            (await cinder.volume(data))?.status === "in-use" ? true : undefined;
        await waitFor(attached, { what: "the data volume", seconds: 120, signal: within() });
    });
    after(async () => {
        if ((await cinder.services()).some((row) => row.active_backend_id)) await back();
        for (const id of made.servers) await nova.call("DELETE", `/servers/${id}`);
        for (const id of made.volumes) {
            const free = async () =>
                (await cinder.volume(id))?.status === "available" ? true : undefined;
            await waitFor(free, { what: "a free volume", seconds: 120, signal: within() });
            await cinder.deleteVolume(id);
        }
        await Promise.all([cinder.close(), nova.close(), storage.close()]);
        for (const made of [folder, ofMoves]) rmSync(made, { recursive: true });
    });

    it("has nothing to do while the primary serves", async () => {
        assert.deepEqual(await cures(), ["servers-db: none", "servers-web: none"]);
    });

    it("stops, moves, re-attaches and starts in one command, and stops nothing for a refused move", async () => {
        const losses = (await ready("planned")).filter(({ name }) => name !== "attached");
        const whole = ["failover", "--planned", "--stop-servers"];
        const refused = expectCode(await move(...whole), 3);
        assert.match(
            refused.output,
            /plan +needs --accept-loss unreplicated=1: .*\n(.*\n)*cinder-dr: refused/,
        );
        for (const id of made.servers) await untilStatus(id, "ACTIVE");
        const { output } = expectCode(await move(...whole, ...flags(losses)), 0);
        assert.match(output, /servers-db \(.*: stopped/);
        assert.deepEqual(await cures(), ["servers-db: none", "servers-web: none"]);
        for (const id of made.servers) await untilStatus(id, "ACTIVE");
        await ready("failback");
        expectCode(await move("failback", "--stop-servers"), 0);
        assert.deepEqual(await cures(), ["servers-db: none", "servers-web: none"]);
        for (const id of made.servers) await untilStatus(id, "ACTIVE");
    });

    it("names the servers that still lead to the old site, and changes nothing", async () => {
        await over();
        const { output } = expectCode(await servers(), 3);
        assert.match(
            output,
            /PROBLEM servers-db \(\S+, ACTIVE on compute-a\): servers-boot \/dev\/\w+ \(boots from it\): its connection names cluster 'ceph', active is 'secondary'\n\s+next: --reattach: it boots from the volume: shelve and unshelve/,
        );
        assert.deepEqual(await cures(), ["servers-db: shelve", "servers-web: shelve"]);
        assert.deepEqual(readdirSync(folder), []);
    });

    it("goes on after kill -9, and proves each by its new connection", async () => {
        const child = spawn("node", [...words, "--reattach"], {
            env: { ...labEnvironment(), ...journals },
            stdio: "ignore",
        });
        const journal = () =>
            readdirSync(folder)
                .filter((name) => name.endsWith(".jsonl"))
                .map((name) => readFileSync(join(folder, name), "utf8"))
                .join("");
        const begun = () => Promise.resolve(/"started".* shelve"/.test(journal()) || undefined);
        await waitFor(begun, { what: "the first shelve", seconds: 60, signal: within() });
        child.kill("SIGKILL");
        const left = await servers("--json");
        assert.match(left.stdout, /is not finished: volumes that it has detached/);
        const { output } = expectCode(await servers("--reattach"), 0);
        assert.match(output, /servers ceph: \d+ cured, 0 failed, 0 not begun, 0 by hand/);
        assert.deepEqual(await cures(), ["servers-db: none", "servers-web: none"]);
        for (const id of made.servers) await untilStatus(id, "ACTIVE");
    });

    it("stops servers before a planned failover and starts the same ones after", async () => {
        const [one = "", two = ""] = made.servers;
        await nova.call("POST", `/servers/${two}/action`, { "os-stop": null });
        await untilStatus(two, "SHUTOFF");
        expectCode(await servers("--stop"), 0);
        await untilStatus(one, "SHUTOFF");
        await back();
        const early = expectCode(await servers("--start"), 3);
        assert.match(early.output, /servers-db \(.* still leads to the other site/);
        expectCode(await servers("--reattach"), 0);
        expectCode(await servers("--start"), 0);
        await untilStatus(one, "ACTIVE");
        // It was stopped before, and not by us.
        await untilStatus(two, "SHUTOFF");
        await nova.call("POST", `/servers/${two}/action`, { "os-start": null });
        await untilStatus(two, "ACTIVE");
    });

    it("catches a secret of the other cluster", async () => {
        // What a cinder-volume hands out that has kept the other cluster's secret.
        const other = labTopology();
        const right = other.backends.ceph.secretUuid as string;
        other.backends.ceph.secretUuid = other.backends.ceph.replicationDevice.secretUuid;
        other.backends.ceph.replicationDevice.secretUuid = right;
        const args = ["cli/bin.js", "servers", "--topology", configFile(other)];
        const { output } = expectCode(await run("node", args, journals), 3);
        assert.match(output, /its connection names secret '\S+', must be '\S+': libvirt has/);
        const stopped = expectCode(
            await run("node", [...args, "--reattach", "--max-failures", "1"], journals),
            4,
        );
        assert.match(stopped.output, /restart cinder-volume, which still hands this out/);
        assert.match(stopped.output, /0 cured, 1 failed, [1-9]\d* not begun/);
        // With the right topology the same operation goes on and finds that all is well.
        expectCode(await servers("--reattach"), 0);
    });
});
