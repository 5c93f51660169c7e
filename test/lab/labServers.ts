import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ServerPlan } from "../../core/serverPlan";
import { Cinder } from "../../operations/cinder";
import { findCloud } from "../../operations/cloud";
import { OpenStackApi } from "../../operations/openstack";
import { waitFor } from "../../operations/wait";
import { blockStorage } from "./blockStorage";
import { LabMoves } from "./labMoves";
import { configFile, expectCode, labEnvironment, run, type Mutable, type Run } from "./support";

export const within = (): AbortSignal => AbortSignal.timeout(600_000);

/** What a test reads of a server. */
interface Seen {
    status: string;
    host_status: string;
    "OS-EXT-SRV-ATTR:host": string;
}

/** Servers of the lab's Nova with replicated volumes, and the command that re-attaches those. */
export class LabServers {
    readonly cinder: Cinder;
    readonly nova: OpenStackApi;
    readonly storage = blockStorage();
    /** Journals of `cinder-dr servers`. */
    readonly folder = mkdtempSync(join(tmpdir(), "cinder-dr-servers-"));
    readonly made = { volumes: [] as string[], servers: [] as string[] };
    readonly words: string[];
    readonly moves: LabMoves;
    private image: string | undefined;

    constructor(topology: Mutable) {
        const cloud = findCloud(labEnvironment());
        this.cinder = new Cinder(cloud);
        this.nova = new OpenStackApi(cloud, {
            name: "Nova",
            types: ["compute"],
            apiVersion: "compute 2.79",
        });
        const source = ["--topology", configFile(topology)];
        this.words = ["cli/bin.js", "servers", ...source];
        this.moves = new LabMoves(source);
    }

    get journals(): NodeJS.ProcessEnv {
        return { CINDER_DR_JOURNALS: this.folder };
    }

    servers(...more: string[]): Promise<Run> {
        return run("node", [...this.words, ...more], this.journals);
    }

    async cures(...more: string[]): Promise<string[]> {
        const { stdout } = await this.servers("--json", ...more);
        const { backends } = JSON.parse(stdout) as { backends: { servers: ServerPlan[] }[] };
        return (backends[0]?.servers ?? [])
            .filter(({ id }) => this.made.servers.includes(id))
            .map(({ name, cure }) => `${name}: ${cure}`);
    }

    async volume(name: string): Promise<string> {
        const { id } = await this.cinder.createVolume({
            name,
            description: "of a test",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        });
        this.made.volumes.push(id);
        await this.untilVolume(id, "available");
        return id;
    }

    untilVolume(id: string, wanted: string): Promise<true> {
        return waitFor(
            async () => ((await this.cinder.volume(id))?.status === wanted ? true : undefined),
            { what: `volume ${id} to be ${wanted}`, seconds: 120, signal: within() },
        );
    }

    /** One that boots from a new volume, on a host of Nova's choice or on this one. */
    async booted(name: string, volume: string, host?: string): Promise<string> {
        const uuid = await this.volume(volume);
        const bootable = { "os-set_bootable": { bootable: true } };
        await this.storage.call("POST", `/volumes/${uuid}/action`, bootable);
        const disk = { uuid, boot_index: 0, source_type: "volume", destination_type: "volume" };
        return this.server(name, { block_device_mapping_v2: [disk] }, host);
    }

    /** One whose root disk is its host's, with a new data volume. */
    async withData(name: string, volume: string, host: string): Promise<string> {
        const id = await this.server(name, { imageRef: await this.emptyImage() }, host);
        await this.attachNew(id, volume);
        return id;
    }

    async attachNew(server: string, volume: string): Promise<void> {
        const volumeId = await this.volume(volume);
        const body = { volumeAttachment: { volumeId } };
        await this.nova.call("POST", `/servers/${server}/os-volume_attachments`, body);
        await this.untilVolume(volumeId, "in-use");
    }

    private async server(name: string, disks: object, host?: string): Promise<string> {
        const { flavors } = await this.nova.call<{ flavors: { id: string; name: string }[] }>(
            "GET",
            "/flavors",
        );
        const flavorRef = flavors.find((flavor) => flavor.name === "tiny")?.id;
        const on = host === undefined ? {} : { host };
        const body = { server: { name, flavorRef, networks: "none", ...on, ...disks } };
        const { server } = await this.nova.call<{ server: { id: string } }>(
            "POST",
            "/servers",
            body,
        );
        this.made.servers.push(server.id);
        await this.untilStatus(server.id, "ACTIVE");
        return server.id;
    }

    private async emptyImage(): Promise<string> {
        if (this.image !== undefined) return this.image;
        const file = join(this.folder, "image.raw");
        writeFileSync(file, "no guest reads it");
        const create = ["image", "create", "servers-image", "--disk-format", "raw"];
        const words = [...create, "--file", file, "-f", "value", "-c", "id"];
        const { stdout } = expectCode(await run("/usr/bin/openstack", words), 0);
        rmSync(file);
        return (this.image = stdout.trim());
    }

    async seen(id: string): Promise<Seen> {
        return (await this.nova.call<{ server: Seen }>("GET", `/servers/${id}`)).server;
    }

    untilStatus(id: string, wanted: string): Promise<true> {
        return waitFor(async () => ((await this.seen(id)).status === wanted ? true : undefined), {
            what: `server ${id} to be ${wanted}`,
            seconds: 180,
            signal: within(),
        });
    }

    /** Kills a run of `servers` once its journal says this. */
    async killedAt(entry: RegExp, ...more: string[]): Promise<void> {
        const child = spawn("node", [...this.words, ...more], {
            env: { ...labEnvironment(), ...this.journals },
            stdio: "ignore",
        });
        const journal = () =>
            readdirSync(this.folder)
                .filter((name) => name.endsWith(".jsonl"))
                .map((name) => readFileSync(join(this.folder, name), "utf8"))
                .join("");
        const isThere = () => Promise.resolve(entry.test(journal()) || undefined);
        await waitFor(isThere, { what: String(entry), seconds: 60, signal: within() });
        child.kill("SIGKILL");
    }

    /** Leaves nothing of it, on the primary. */
    async remove(): Promise<void> {
        if ((await this.cinder.services()).some((row) => row.active_backend_id))
            await this.moves.back();
        for (const id of this.made.servers) await this.nova.call("DELETE", `/servers/${id}`);
        for (const id of this.made.volumes) {
            await this.untilVolume(id, "available");
            await this.cinder.deleteVolume(id);
        }
        if (this.image !== undefined)
            await run("/usr/bin/openstack", ["image", "delete", this.image]);
        await Promise.all([this.cinder.close(), this.nova.close(), this.storage.close()]);
        for (const made of [this.folder, this.moves.folder]) rmSync(made, { recursive: true });
    }
}
