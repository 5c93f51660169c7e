import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { expectedConnection } from "../../core/servers";
import { parseTopology } from "../../core/topology";
import { Journal, openOperations } from "../../operations/journal";
import type { Nova } from "../../operations/nova";
import type { Parts } from "../../operations/parts";
import type { RunOptions } from "../../operations/run";
import { SiteLock } from "../../operations/siteLock";
import { withServersStopped } from "../../operations/stoppedServers";
import { goodTopology } from "../support/topology";

const topology = parseTopology(goodTopology());
const backend = topology.backends[0];
assert.ok(backend);
const host = "cinder-a@ceph";

/** A Cinder with one volume and a Nova with its server, as far as a move with `--stop-servers` asks them. */
class World {
    active: "primary" | "secondary" = "primary";
    status = "ACTIVE";
    /** Actions that Nova does not carry out. */
    broken: string[] = [];
    readonly acts: string[] = [];
    readonly found: Finding[] = [];
    /** What the server's connection leads to. */
    connection = this.expected;

    get expected() {
        assert.ok(backend);
        return expectedConnection(backend, this.active);
    }

    readonly nova = {
        server: () =>
            Promise.resolve({
                id: "s1",
                name: "web",
                project: "p1",
                status: this.status,
                host: "compute-a",
                locked: false,
                ephemeral: 0,
                swap: 0,
                rootDevice: "/dev/vda",
            }),
        attachmentsOf: () => Promise.resolve([{ volumeId: "v1", device: "/dev/vdb" }]),
        act: (_id: string, action: string) => {
            if (this.broken.includes(action)) return Promise.reject(new Error(`no ${action}`));
            this.acts.push(action);
            this.status = action === "os-stop" ? "SHUTOFF" : "ACTIVE";
            return Promise.resolve();
        },
    } as unknown as Nova;

    private readonly cinder = {
        services: () =>
            Promise.resolve([
                {
                    binary: "cinder-volume",
                    host,
                    status: "enabled",
                    state: "up",
                    updated_at: "2026-11-22T20:00:00",
                    replication_status: this.active === "primary" ? "enabled" : "failed-over",
                    active_backend_id:
                        this.active === "primary" ? null : backend?.replicationDevice.backendId,
                },
            ]),
        allVolumes: () =>
            Promise.resolve([
                {
                    id: "v1",
                    name: "db",
                    status: "in-use",
                    replication_status: "enabled",
                    "os-vol-host-attr:host": `${host}#ceph`,
                    attachments: [{ server_id: "s1" }],
                },
            ]),
        allSnapshots: () => Promise.resolve([]),
        volumeTypes: () => Promise.resolve([]),
        allAttachments: () =>
            Promise.resolve([
                { id: "a1", volume_id: "v1", instance: "s1", connection_info: this.connection },
            ]),
    };

    private options(): RunOptions {
        const pool = () =>
            Promise.resolve({ now: 0, fsid: "f", images: {}, all: [], peers: [], daemons: {} });
        const site = (name: string) => ({ site: { name }, pool });
        assert.ok(backend);
        return {
            parts: {
                topology,
                cinder: this.cinder,
                names: { primary: "paris", secondary: "lyon" },
                sites: { primary: site("paris"), secondary: site("lyon") },
                hostsOf: () => [],
            } as unknown as Parts,
            backend,
            signal: new AbortController().signal,
            found: (finding) => this.found.push(finding),
            doing: () => undefined,
            accepted: new Map([
                ["unreplicated", 1],
                ["unmarked", 1],
            ]),
            version: "0",
            planned: () => undefined,
        };
    }

    /** The move as the command does it; `work` in its place. @returns the error's message, or the operation's id */
    move(work: () => Promise<string>, refuse: () => void = () => undefined): Promise<string> {
        return withServersStopped(
            this.options(),
            { move: "planned", verb: "failover --planned", refuse, nova: this.nova, batch: 2 },
            work,
        ).catch((error: unknown) => (error as Error).message);
    }

    /** What the operator reads of things that are left, without their time. */
    get problems(): unknown[] {
        return this.found
            .filter(({ state }) => state === "problem")
            .map(({ subject, fact, next }) => [subject, fact, next]);
    }
}

describe("a move with its servers stopped", () => {
    const before = process.env.CINDER_DR_JOURNALS;
    let folder = "";
    let world = new World();
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "cinder-dr-stopped-"));
        process.env.CINDER_DR_JOURNALS = folder;
        world = new World();
        const lock = { release: () => Promise.resolve() } as SiteLock;
        mock.method(SiteLock, "take", () => Promise.resolve(lock));
    });
    afterEach(() => {
        mock.restoreAll();
        rmSync(folder, { recursive: true });
        if (before === undefined) delete process.env.CINDER_DR_JOURNALS;
        else process.env.CINDER_DR_JOURNALS = before;
    });

    /** A move that Cinder carries out, after which the server's connection is made anew by hand. */
    const moved = (): Promise<string> => {
        world.active = "secondary";
        world.connection = world.expected;
        return Promise.resolve("the move");
    };

    it("goes on by the same command when it was killed between the stop and the move", async () => {
        await world.move(() => {
            throw new Error("killed");
        });
        assert.deepEqual(
            openOperations().map(({ verb, flags }) => [verb, flags]),
            [["servers --stop", { before: "failover --planned" }]],
        );
        assert.equal(await world.move(moved), "the move");
        assert.deepEqual(world.acts, ["os-stop", "os-start"]);
        assert.deepEqual(openOperations(), []);
    });
});
