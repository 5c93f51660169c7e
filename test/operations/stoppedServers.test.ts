import assert from "node:assert/strict";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { endedOf } from "../../core/operation";
import { UnequalError } from "../../operations/compareBytes";
import { Journal } from "../../operations/journal";
import { listJournals, openOperations, readJournal } from "../../operations/journalFolder";
import { OpenStackError } from "../../operations/openstack";
import { PartialError, RefusedError } from "../../operations/operationEnd";
import type { Parts } from "../../operations/parts";
import type { RunOptions } from "../../operations/run";
import { LockedError, SiteLock } from "../../operations/siteLock";
import type { StoppedServersOptions } from "../../operations/stopInTime";
import { withServersStopped } from "../../operations/stoppedServers";
import { own } from "../support/backendKey";
import { claimElsewhere } from "../support/claimElsewhere";
import { backend, FakeServers, topology, type FakeVolume } from "../support/fakeServers";
import { ownJournals } from "../support/ownJournals";

/** A cloud as far as a move with `--stop-servers` asks it. */
class World extends FakeServers {
    /** Clients that have the first volume's image open where it is served. */
    users: string[] = [];
    /** Id of an operation that is known to be gone on another machine. */
    breakLock?: string;
    signal = new AbortController().signal;
    readonly found: Finding[] = [];
    accepted: [string, number][] = [];

    /** No image is mirrored here, so those are all that Cinder counts as replicated. */
    private get unmarked(): number {
        const replicated = ({ replication_status }: FakeVolume) => replication_status === "enabled";
        return Object.values(this.volumes).filter(replicated).length;
    }

    /** What was asked of servers as a whole, whichever they are. */
    get acts(): string[] {
        return this.orders.map((order) => order.split(" ")[1] ?? "");
    }

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
        return {
            parts: {
                topology,
                cinder: this.cinder,
                names: { primary: "paris", secondary: "lyon" },
                sites: { primary: site("paris"), secondary: site("lyon") },
                hostsOf: () => [],
            } as unknown as Parts,
            backend,
            signal: this.signal,
            found: (finding) => this.found.push(finding),
            doing: () => undefined,
            accepted: new Map([
                ["unreplicated", Object.keys(this.servers).length],
                ["unmarked", this.unmarked],
                ...this.accepted,
            ]),
            version: "0",
            ...(this.breakLock === undefined ? {} : { breakLock: this.breakLock }),
            source: { stack: "mycloud" },
            planned: () => undefined,
        };
    }

    /** The move as the command does it; `work` in its place. @returns the error's message, or the operation's id */
    move(work: (options: RunOptions) => Promise<string>, refuse?: () => void): Promise<string> {
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
        world.failOver(...Object.keys(world.servers));
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
        world.found.length = 0;
        assert.match(await world.move(moved), /\(process 7 on machine desk, /);
        assert.deepEqual(world.problems, []);
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

    it("says what is left when it ends in the middle of the stop, or before it goes on with one", async () => {
        world = new World(4);
        const user = new AbortController();
        world.signal = user.signal;
        const act = world.nova.act.bind(world.nova);
        world.nova.act = async (...order) => {
            await act(...order);
            user.abort();
        };
        const ends = async (why: string) => {
            const error = await withServersStopped(...world.words(), moved).catch(
                (e: unknown) => e,
            );
            assert.ok(error instanceof PartialError);
            const [stop = ""] = listJournals();
            const fact = `nothing was moved: ${why}; those that ${stop} has stopped are left so: start them, or give the same command again`;
            assert.equal(error.message, fact);
            assert.deepEqual(world.problems, [["servers", fact, START]]);
            assert.deepEqual(world.acts, ["os-stop", "os-stop"]);
        };
        await ends("interrupted");
        [world.signal, world.found.length] = [new AbortController().signal, 0];
        const whole = world.cinder.allVolumes.bind(world.cinder);
        world.cinder.allVolumes = () => Promise.reject(new OpenStackError("HTTP 503"));
        await ends("HTTP 503");
        world.cinder.allVolumes = whole;
        assert.equal(await world.move(moved), "the move");
        assert.deepEqual(world.acts.slice(2).sort(), [
            ...Array<string>(4).fill("os-start"),
            ...Array<string>(2).fill("os-stop"),
        ]);
    });

    it("says what is left when a refused move's server does not start", async () => {
        world.broken = ["os-start"];
        const fact = "nothing was moved, and 1 servers did not start";
        assert.equal(await world.move(() => Promise.reject(new RefusedError("no"))), fact);
        assert.deepEqual(world.problems.at(-1), ["servers", fact, START]);
    });

    /** A move that Cinder carries out, and nobody has seen to a server since. */
    const away = () => {
        world.active = "secondary";
        return Promise.resolve("the move");
    };
    const NOT_LED =
        "the volumes are moved, and 1 servers do not lead to them: those are not started";

    it("starts the servers that lead to the active site, whatever is with another one", async () => {
        world = new World(2);
        const plain = () => {
            world.makePlain("v1");
            return away();
        };
        assert.equal(await world.move(plain), NOT_LED);
        assert.deepEqual(world.orders.slice(2), ["s2 detach", "s2 attach", "s2 os-start"]);
        assert.match(
            (world.problems[0] as string[]).join(),
            /^web-1 \(s1\),still leads .* paris only/,
        );
        // Back on the primary its old connection leads to the active site again.
        world.active = "primary";
        Object.assign(world.volume("v1"), { status: "in-use" });
        world.server("s2").status = "SHUTOFF";
        assert.equal(await world.move(() => Promise.resolve("back")), "back");
        assert.deepEqual(world.orders.slice(5), ["s2 detach", "s2 attach", "s1 os-start"]);
    });

    it("starts no server without the volume that could not be attached again", async () => {
        world.broken = ["attach"];
        assert.equal(await world.move(away), NOT_LED);
        assert.deepEqual(world.acts, ["os-stop", "detach", "attach"]);
    });

    it("asks for the operator's own word where a compute host is down", async () => {
        world = new World(2);
        world.server("s1").hostStatus = "UNKNOWN";
        assert.match(
            await world.move(moved),
            /\n {2}--accept-loss attached=2: 2 volumes are in use/,
        );
        assert.deepEqual(world.orders, []);
        assert.match(world.found.at(-1)?.fact ?? "", /^is not stopped: its compute host compute-a/);
        assert.deepEqual(openOperations(), []);
        world.accepted = [["attached", 2]];
        assert.equal(await world.move(moved), "the move");
        assert.deepEqual(world.orders, ["s2 os-stop", "s2 os-start"]);
    });

    it("gives no other word for the volumes of a server that cannot be stopped", async () => {
        world = new World(2);
        world.server("s1").hostStatus = "UNKNOWN";
        world.accepted = [["attached", 2]];
        // Somebody attaches a volume after the operator's word: the move is to count it itself.
        const act = world.nova.act.bind(world.nova);
        world.nova.act = (...order) => {
            world.volumes.v3 = { ...world.volume("v2"), server: "s1" };
            return act(...order);
        };
        let word: number | undefined;
        const move = (options: RunOptions) => {
            word = options.accepted.get("attached");
            return moved();
        };
        await withServersStopped(...world.words(), move).catch(() => undefined);
        assert.equal(word, 2);
    });

    it("says what is left when the volumes are moved and a server does not follow", async () => {
        world.broken = ["detach"];
        assert.equal(await world.move(away), NOT_LED);
        assert.deepEqual(world.problems.at(-1), ["servers", NOT_LED, `${REATTACH}; ${START}`]);
        assert.deepEqual(world.acts, ["os-stop", "detach"]);
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
        const halfWay = () => {
            world.active = "secondary";
            return Promise.reject(new RefusedError("refused in its middle"));
        };
        assert.equal(await world.move(halfWay), "refused in its middle");
        assert.equal((world.problems.at(-1) as string[])[2], `${REATTACH}; ${START}`);
        assert.deepEqual(world.acts, ["os-stop"]);
    });

    it("has done a part when somebody else has the lock after the move", async () => {
        const holder = { id: "x", who: "kim", verb: "drill", since: "noon" };
        mock.method(SiteLock, "take", () => Promise.reject(new LockedError("lyon", holder)));
        assert.match(
            await world.move(moved),
            /^the volumes are moved, and their servers are not seen to: site lyon: kim runs `drill`/,
        );
        assert.equal((world.problems.at(-1) as string[])[2], `${REATTACH}; ${START}`);
    });

    const NAMED = `${REATTACH ?? ""}; ${START ?? ""}`;
    /** A move that was proven, and an error after it. */
    const failsAfter =
        (error: Error, unproven: string[] = []) =>
        async ({ moved: tell }: RunOptions): Promise<string> => {
            await away();
            tell?.(unproven);
            throw error;
        };
    const RUNNING = ["os-stop", "detach", "attach", "os-start"];
    const compared = new PartialError("compared 64 of 70 images, then: no answer", []);

    it("sees to the servers also where something fails after the move, and ends with that", async () => {
        assert.equal(await world.move(failsAfter(compared)), compared.message);
        assert.deepEqual(world.acts, RUNNING);
        assert.deepEqual(world.problems, []);
        assert.deepEqual(openOperations(), []);
    });

    it("starts all but those on volumes that are in error, or not proven to be there", async () => {
        world = new World(3);
        Object.assign(world.volume("v1"), { status: "error" });
        const wrong = new PartialError("2 volume(s) did not move", []);
        assert.equal(await world.move(failsAfter(wrong, ["v2"])), wrong.message);
        const after = world.orders.filter((order) => !order.endsWith("os-stop"));
        assert.ok(!after.some((order) => order.startsWith("s1 ") || order === "s2 os-start"));
        assert.ok(after.includes("s3 os-start"));
        const told = world.problems.map((one) => (one as string[]).slice(0, 2).join(" "));
        assert.match(told.join("\n"), /web-1 \(s1\) still leads to the other site/);
        assert.match(told.join("\n"), /web-2 \(s2\) is not started: the image of its volume db-2/);
        assert.deepEqual(
            openOperations().map(({ verb }) => verb),
            ["servers --stop"],
        );
    });

    it("ends with what failed first where the servers do not follow either", async () => {
        world.broken = ["attach"];
        assert.equal(await world.move(failsAfter(compared)), compared.message);
        assert.deepEqual(world.problems.at(-1), ["servers", NOT_LED, NAMED]);
    });

    it("starts nothing on images that are not equal, and names the servers", async () => {
        const unequal = new UnequalError("other bytes on each site", []);
        assert.equal(await world.move(failsAfter(unequal)), unequal.message);
        assert.deepEqual(world.acts, ["os-stop"]);
        assert.deepEqual(world.problems, [
            [
                "servers",
                "those that were stopped are left so: what they write may overwrite the better copy of an image",
                NAMED,
            ],
        ]);
    });

    const LEFT =
        "those that were stopped for the move are left so; who goes on with it starts them after it";

    it("names the servers of a move that failed in its middle, or was interrupted", async () => {
        await world.move(() => Promise.reject(new Error("no answer")));
        assert.deepEqual(world.problems, [["servers", LEFT, NAMED]]);
        world = new World();
        const user = new AbortController();
        world.signal = user.signal;
        await world.move((options) => {
            user.abort();
            return failsAfter(new Error("interrupted"))(options);
        });
        assert.deepEqual(world.acts, ["os-stop"]);
        assert.deepEqual(world.problems, [["servers", LEFT, NAMED]]);
    });

    it("has done a part when Cinder does not answer after the move", async () => {
        const work = () => {
            world.cinder.allAttachments = () => Promise.reject(new OpenStackError("HTTP 503"));
            return moved();
        };
        const fact = "the volumes are moved, and their servers are not seen to: HTTP 503";
        assert.equal(await world.move(work), fact);
        assert.deepEqual(world.problems, [["servers", fact, NAMED]]);
    });

    it("names the servers once where a move that is gone on with meets an open image", async () => {
        await world.move(() => Promise.reject(new Error("killed")));
        const begun = { ...own, who: "ops@bastion", version: "0", flags: {} };
        Journal.create({ ...begun, id: "1-failover-ceph", verb: "failover --planned" }).close();
        world.found.length = 0;
        world.users = ["10.0.0.9:0/1"];
        const fact = "refused: the servers were stopped, and something has images open";
        assert.equal(await world.move(moved), fact);
        assert.deepEqual(world.problems, [["servers", fact, NAMED]]);
    });

    it("names how a server is stopped that was started before the move was gone on with", async () => {
        world.users = ["10.0.0.9:0/1"];
        const error = await withServersStopped(...world.words(), moved).catch((e: unknown) => e);
        assert.ok(error instanceof RefusedError);
        assert.match(error.blockers[0]?.next ?? "", /`cinder-dr servers --backend ceph --stop`/);
        assert.deepEqual(world.acts, ["os-stop", "os-start"]);
    });
});
