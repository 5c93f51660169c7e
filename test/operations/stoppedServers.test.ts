import assert from "node:assert/strict";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { endedOf } from "../../core/operation";
import { expectedConnection } from "../../core/servers";
import { parseTopology } from "../../core/topology";
import { listJournals, openOperations, readJournal } from "../../operations/journalFolder";
import type { Nova } from "../../operations/nova";
import { RefusedError } from "../../operations/operationEnd";
import type { Parts } from "../../operations/parts";
import type { RunOptions } from "../../operations/run";
import { LockedError, SiteLock } from "../../operations/siteLock";
import { withServersStopped, type StoppedServersOptions } from "../../operations/stoppedServers";
import { claimElsewhere } from "../support/claimElsewhere";
import { ownJournals } from "../support/ownJournals";
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
    /** Clients that have the volume's image open where it is served. */
    users: string[] = [];
    /** Id of an operation that is known to be gone on another machine. */
    breakLock?: string;
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
        const images = () => (this.users.length > 0 ? { "volume-v1": { users: this.users } } : {});
        const pool = () =>
            Promise.resolve({
                fsid: "f",
                images: images(),
                all: [],
                peers: [],
                daemons: {},
                flags: {},
            });
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
            ...(this.breakLock === undefined ? {} : { breakLock: this.breakLock }),
            source: { stack: "mycloud" },
            planned: () => undefined,
        };
    }

    /** The move as the command does it; `work` in its place. @returns the error's message, or the operation's id */
    move(work: () => Promise<string>, refuse?: () => void): Promise<string> {
        return withServersStopped(...this.words(refuse), work).catch(
            (error: unknown) => (error as Error).message,
        );
    }

    words(refuse: () => void = () => undefined): [RunOptions, StoppedServersOptions] {
        const { nova } = this;
        return [
            this.options(),
            { move: "planned", verb: "failover --planned", refuse, nova, batch: 2 },
        ];
    }

    /** What the operator reads of things that are left, without their time. */
    get problems(): unknown[] {
        return this.found
            .filter(({ state }) => state === "problem")
            .map(({ subject, fact, next }) => [subject, fact, next]);
    }
}

describe("a move with its servers stopped", () => {
    const journals = ownJournals();
    let world = new World();
    beforeEach(() => {
        world = new World();
        mock.method(SiteLock.prototype, "release", () => Promise.resolve());
        const lock = Object.create(SiteLock.prototype) as SiteLock;
        mock.method(SiteLock, "take", () => Promise.resolve(lock));
    });
    afterEach(() => {
        mock.restoreAll();
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
            [["servers --stop", { stack: "mycloud", before: "failover --planned" }]],
        );
        const [{ id } = { id: "" }] = openOperations();
        const left = `after the failover: ${REATTACH ?? ""}, then ${START ?? ""}`;
        assert.deepEqual(endedOf(readJournal(id))?.left, [left]);
        assert.equal(await world.move(moved), "the move");
        assert.deepEqual(world.acts, ["os-stop", "os-start"]);
        assert.deepEqual(openOperations(), []);
    });

    it("goes on with a stop of another machine by the word alone that it is gone", async () => {
        await world.move(() => {
            throw new Error("killed");
        });
        const [stop = ""] = listJournals();
        claimElsewhere(journals.folder, stop);
        assert.match(await world.move(moved), /\(process 7 on machine desk, /);
        world.breakLock = stop;
        assert.equal(await world.move(moved), "the move");
        assert.deepEqual(world.acts, ["os-stop", "os-start"]);
    });

    const refused = () => {
        throw new RefusedError("refused");
    };
    const [REATTACH, START] = ["--reattach", "--start"].map(
        (verb) => `\`cinder-dr servers --backend ceph ${verb}\``,
    );

    it("says what is left when a server does not stop", async () => {
        world.broken = ["os-stop"];
        const fact = "nothing was moved: 1 servers did not stop, the others wait for their start";
        assert.equal(await world.move(moved), fact);
        assert.deepEqual(world.problems.at(-1), ["servers", fact, START]);
    });

    it("says what is left when a refused move's server does not start", async () => {
        world.broken = ["os-start"];
        const fact = "nothing was moved, and 1 servers did not start";
        assert.equal(await world.move(() => Promise.reject(new RefusedError("no"))), fact);
        assert.deepEqual(world.problems.at(-1), ["servers", fact, START]);
    });

    it("says what is left when the volumes are moved and a server does not follow", async () => {
        const fact = "the volumes are moved, and 1 servers do not lead to them: none was started";
        const away = () => {
            world.active = "secondary";
            return Promise.resolve("the move");
        };
        assert.equal(await world.move(away), fact);
        assert.deepEqual(world.problems.at(-1), ["servers", fact, `${REATTACH}; ${START}`]);
        const stacks = openOperations().map(({ verb, flags }) => [verb, flags.stack]);
        assert.deepEqual(stacks, [
            ["servers --stop", "mycloud"],
            ["servers --reattach", "mycloud"],
        ]);
    });

    it("says what is left when a server does not start after the move", async () => {
        world.broken = ["os-start"];
        const fact = "the volumes are moved, and not every server started";
        assert.equal(await world.move(moved), fact);
        assert.deepEqual(world.problems.at(-1), ["servers", fact, START]);
    });

    it("names what a killed run has stopped when the move is refused now", async () => {
        await world.move(() => Promise.reject(new Error("killed")));
        world.active = "secondary";
        assert.equal(await world.move(moved, refused), "refused");
        const [, fact, next] = world.problems.at(-1) as string[];
        assert.match(fact ?? "", /^those that \S+-servers-stop-ceph-\S+ has stopped are left so$/);
        assert.equal(next, `${REATTACH}; ${START}`);
        assert.deepEqual(world.acts, ["os-stop"]);
    });

    it("ends with the refusal where the servers may not start as they are", async () => {
        const away = () => {
            world.active = "secondary";
            return Promise.reject(new RefusedError("refused in its middle"));
        };
        assert.equal(await world.move(away), "refused in its middle");
        assert.equal((world.problems.at(-1) as string[])[2], `${REATTACH}; ${START}`);
        assert.deepEqual(world.acts, ["os-stop"]);
    });

    it("has done a part when somebody else has the lock after the move", async () => {
        const holder = { id: "x", who: "kim", verb: "drill", since: "noon", silentSeconds: 0 };
        mock.method(SiteLock, "take", () => Promise.reject(new LockedError("lyon", holder)));
        assert.match(
            await world.move(moved),
            /^the volumes are moved, and their servers are not seen to: site lyon: kim runs `drill`/,
        );
        assert.equal((world.problems.at(-1) as string[])[2], `${REATTACH}; ${START}`);
    });

    it("names how a server is stopped that was started before the move was gone on with", async () => {
        world.users = ["10.0.0.9:0/1"];
        const error = await withServersStopped(...world.words(), moved).catch((e: unknown) => e);
        assert.ok(error instanceof RefusedError);
        assert.match(error.blockers[0]?.next ?? "", /`cinder-dr servers --backend ceph --stop`/);
        assert.deepEqual(world.acts, ["os-stop", "os-start"]);
    });
});
