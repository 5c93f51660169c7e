import { strict as assert } from "node:assert";

import type { Finding } from "../../core/finding";
import type { JournalEntry } from "../../core/operation";
import type { ServiceRow } from "../../core/service";
import { PartialError } from "../../operations/operationEnd";
import type { Seat } from "../../operations/rowSeats";
import { startServices, stopAgain, stopSeat, toAll } from "../../operations/rowServices";
import { lostServices, tellStopped } from "../../operations/rowsLeft";
import type { Run } from "../../operations/run";
import { recallArguments, stoppedServices } from "../../operations/savedRows";
import { fakeClock } from "../support/fakeClock";
import { backend, names, row, survey } from "../support/survey";

type Note = Pick<JournalEntry, "kind" | "step" | "data">;
const note = (step: string, data?: unknown): Note => ({ kind: "noted", step, data });
const stopping = (name: string, ...runners: string[]): Note =>
    note("stopping", { service: `${name}@ceph`, runners });

describe("services that are stopped for their rows", () => {
    fakeClock();
    const done: string[] = [];
    const found: Finding[] = [];
    const left: string[] = [];
    beforeEach(() => {
        done.length = found.length = left.length = 0;
    });

    interface Given {
        hosts: string[];
        entries?: Note[];
        /** Hosts that cannot do what they are asked. */
        broken?: string[];
        /** Hosts whose service is not running. */
        idle?: string[];
        /** Services that never report. */
        silent?: string[];
    }

    function run({ hosts, entries = [], broken = [], idle = [], silent = [] }: Given): Run {
        const act = (verb: string, name: string) => () => {
            done.push(`${verb} ${name}`);
            return broken.includes(name)
                ? Promise.reject(new Error(`${name}: no`))
                : Promise.resolve(0);
        };
        let looks = 0;
        const services = (): Promise<ServiceRow[]> =>
            Promise.resolve(
                hosts.map((name) => {
                    const host = `${name}@ceph`;
                    const isSilent = silent.includes(host);
                    return row({ host, updated_at: isSilent ? "0" : String(looks++) });
                }),
            );
        const append = (entry: Note) => entries.push(entry);
        return {
            backend,
            left,
            phases: [],
            signal: new AbortController().signal,
            doing: () => undefined,
            found: (one: Finding) => found.push(one),
            journal: {
                id: "x",
                entries,
                append,
                always: (_: string, work: () => unknown) => work(),
            },
            parts: {
                names,
                cinder: { services },
                hosts: hosts.map((name) => ({
                    host: { name, service: {} },
                    canStop: true,
                    runs: () => Promise.resolve(!idle.includes(name)),
                    stop: act("stop", name),
                    startAnew: act("start", name),
                    drain: act("drain", name),
                    saveRows: act("save", name),
                })),
            },
        } as unknown as Run;
    }
    const seat = (of: Run, ...runners: string[]): Seat => {
        const { hosts } = of.parts;
        const own = hosts.filter(({ host }) => runners.includes(host.name));
        const [writer] = hosts;
        assert.ok(writer);
        return { row: row({ host: "a@ceph" }), writer, runners: own };
    };

    it("are noted, stopped and drained before their rows are saved", async () => {
        const of = run({ hosts: ["a"] });
        await stopSeat(of, seat(of, "a"));
        assert.deepEqual(done, ["stop a", "drain a", "save a"]);
        assert.deepEqual(
            of.journal.entries.map(({ step }) => step),
            ["stopping", "saved rows", "stopped"],
        );
        await stopSeat(of, seat(of, "a"));
        assert.deepEqual(
            of.journal.entries.map(({ step }) => step).filter((step) => step !== "stopped"),
            ["stopping", "saved rows"],
        );
    });

    it("are stopped again where somebody has started them, with what is queued since", async () => {
        const of = run({ hosts: ["a", "b"] });
        const [a, b] = of.parts.hosts;
        assert.ok(a !== undefined && b !== undefined);
        const states = [true, false, false];
        a.runs = () => Promise.resolve(states.shift() ?? false);
        b.runs = () => Promise.resolve(false);
        await stopAgain(of, seat(of, "a", "b"));
        assert.deepEqual(done, ["stop a", "drain a"]);
        await stopAgain(of, seat(of, "a", "b"));
        assert.deepEqual(done, ["stop a", "drain a"]);
        a.runs = () => Promise.resolve(true);
        await assert.rejects(stopAgain(of, seat(of, "a")), /on a is started again whenever/);
        // One that the topology cannot have stopped was called down by Cinder.
        Object.assign(a, { canStop: false });
        await stopAgain(of, seat(of, "a"));
    });

    it("are read in a later run with the files that their processes had", async () => {
        const of = run({ hosts: ["a", "b"] });
        const [a, b] = of.parts.hosts;
        assert.ok(a !== undefined && b !== undefined);
        a.configArguments = ["--config-dir", "/etc/cinder/d"];
        await stopSeat(of, seat(of, "a"));
        const later = run({ hosts: ["a", "b"], entries: of.journal.entries });
        recallArguments(later);
        assert.deepEqual(
            later.parts.hosts.map(({ configArguments }) => configArguments),
            [["--config-dir", "/etc/cinder/d"], undefined],
        );
    });

    it("run again where they ran, of hosts that share a name", async () => {
        const of = run({ hosts: ["a", "b", "c"], idle: ["b"] });
        await stopSeat(of, seat(of, "a", "b"));
        assert.deepEqual(stoppedServices(of.journal), [{ service: "a@ceph", runners: ["a"] }]);
        assert.ok(done.includes("stop b"), "it may be about to start");
        done.length = 0;
        assert.deepEqual(await startServices(of, survey()), []);
        assert.deepEqual(done, ["start a"]);
        assert.deepEqual(stoppedServices(of.journal), []);
        assert.deepEqual(await startServices(of, survey()), []);
        assert.deepEqual(done, ["start a"], "not a second time");
    });

    it("are named where no host runs them that answers: what was cut off goes on with the old site", async () => {
        const of = run({ hosts: ["a", "b"] });
        left.push("b@ceph: start its cinder-volume on b");
        assert.deepEqual(await lostServices(of), []);
        const services = [
            row({ host: "a@ceph", state: "down" }),
            row({ host: "b@ceph", state: "down" }),
        ];
        of.parts.cinder.services = () => Promise.resolve(services);
        const [first = "", ...more] = await lostServices(of);
        assert.match(first, /^a@ceph: .* can reach paris again, restart it/);
        assert.deepEqual(more, []);
    });

    it("are named where they do not start or report, and stay to be started", async () => {
        const entries = ["a", "b", "c"].map((name) => stopping(name, name));
        const given = { hosts: ["a", "b", "c"], entries, broken: ["a"], silent: ["b@ceph"] };
        const of = run(given);
        assert.deepEqual(await startServices(of, survey()), [
            "a: a: no",
            "b@ceph: no sign of life since its start",
        ]);
        assert.deepEqual(
            stoppedServices(of.journal).map(({ service }) => service),
            ["a@ceph", "b@ceph"],
        );
    });

    it("are left to whoever brings a lost host back", async () => {
        const of = run({ hosts: ["a", "b"], entries: [stopping("a", "a"), stopping("b", "b")] });
        const hosts = [{ name: "a", reach: {}, unseen: "no answer" }];
        assert.deepEqual(await startServices(of, survey({ hosts })), []);
        assert.deepEqual(done, ["start b"]);
        assert.match(left.join(), /^a@ceph: start its cinder-volume on a, /);
        assert.deepEqual(stoppedServices(of.journal), []);
    });

    it("are told of, with rbd-mirror, when the operation ends before they were started", () => {
        const daemons = note("rbd-mirror daemons", ["m.service on lyon"]);
        const ended: Note = { kind: "done", step: "stop rbd-mirror" };
        const entries = [daemons, ended, stopping("a", "a"), stopping("b", "b")];
        const of = run({
            hosts: [],
            entries: [...entries, note("started", { service: "b@ceph" })],
        });
        tellStopped(of);
        assert.deepEqual(
            found.map(({ subject, fact }) => [subject, fact]),
            [
                ["a@ceph", "its cinder-volume is stopped on a by this operation"],
                ["site lyon", "its rbd-mirror is stopped by this operation: m.service on lyon"],
            ],
        );
        found.length = 0;
        tellStopped(
            run({
                hosts: [],
                entries: [...entries.slice(0, 2), { kind: "done", step: "start rbd-mirror" }],
            }),
        );
        assert.deepEqual(found, []);
    });

    it("are all tried, and all that fail are named", async () => {
        const tried: number[] = [];
        const work = ({ row: { host } }: Seat) => {
            tried.push(Number(host));
            return host === "2" ? Promise.resolve() : Promise.reject(new Error("no"));
        };
        const seats = ["1", "2", "3"].map((host) => ({ row: row({ host }) }) as Seat);
        await assert.rejects(
            toAll(seats, "not stopped", "cinder-dr resume x", work),
            (error) =>
                error instanceof PartialError && error.message === "not stopped: 1: no; 3: no",
        );
        assert.deepEqual(tried, [1, 2, 3]);
    });
});
