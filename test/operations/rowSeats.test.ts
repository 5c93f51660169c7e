import { strict as assert } from "node:assert";

import type { HostFacts } from "../../core/survey";
import { RefusedError } from "../../operations/operationEnd";
import { seatsOf, writerOf } from "../../operations/rowSeats";
import type { Run } from "../../operations/run";
import { row, survey } from "../support/survey";

const A = row({ host: "cinder-a@ceph", state: "down" });
const B = row({ host: "cinder-b@ceph", state: "down" });
const seen = (name: string): HostFacts => ({ name, reach: {}, service: `${name}@ceph` });
const broken = (name: string): HostFacts => ({ ...seen(name), unwritable: "no database" });
const lost = (name: string): HostFacts => ({ name, reach: {}, unseen: "no answer" });

interface Given {
    hosts: HostFacts[];
    rows?: (typeof A)[];
    /** Hosts whose service is a container. */
    containers?: string[];
    /** Hosts that can only be restarted. */
    restarted?: string[];
    /** By service, as an earlier run has noted. */
    runners?: Record<string, string[]>;
}

/** Who writes and who runs each service, as `writer: runners`. */
function seats({
    hosts,
    rows = [A, B],
    containers = [],
    restarted = [],
    runners = {},
}: Given): string[] {
    const run = {
        parts: {
            hosts: hosts.map(({ name }) => ({
                host: { name, service: containers.includes(name) ? { container: {} } : {} },
                canStop: !restarted.includes(name),
            })),
        },
        journal: {
            entries: Object.entries(runners).map(([service, names]) => ({
                kind: "noted",
                step: "stopping",
                data: { service, runners: names },
            })),
        },
    } as unknown as Run;
    return seatsOf(run, survey({ rows, hosts }), rows).map(
        ({ writer, runners: own }) =>
            `${writer.host.name}: ${own.map(({ host }) => host.name).join(", ")}`,
    );
}

describe("who writes the rows of a service", () => {
    it("is its own host, and another one where it was lost", () => {
        assert.deepEqual(seats({ hosts: [seen("cinder-a"), seen("cinder-b")] }), [
            "cinder-a: cinder-a",
            "cinder-b: cinder-b",
        ]);
        assert.deepEqual(seats({ hosts: [seen("cinder-a"), lost("cinder-b")] }), [
            "cinder-a: cinder-a",
            "cinder-a: ",
        ]);
    });

    it("is nobody's business where it lives and cannot be stopped", () => {
        const rows = [A, { ...B, state: "up" }];
        assert.throws(
            () => seats({ hosts: [seen("cinder-a"), lost("cinder-b")], rows }),
            (error) => error instanceof RefusedError && error.message.startsWith("cinder-b@ceph: "),
        );
    });

    it("is refused while a host that cannot be asked, or not be stopped, may run it too", () => {
        const rows = [{ ...A, host: "shared@ceph", state: "up" }];
        const shared = (name: string) => ({ ...seen(name), service: "shared@ceph" });
        const hosts = [shared("cinder-a"), shared("cinder-b")];
        assert.deepEqual(seats({ hosts, rows }), ["cinder-a: cinder-a, cinder-b"]);
        assert.throws(() => seats({ hosts: [...hosts, lost("cinder-c")], rows }), RefusedError);
        assert.throws(() => seats({ hosts, rows, restarted: ["cinder-b"] }), RefusedError);
        assert.deepEqual(
            seats({ hosts: [...hosts, lost("cinder-c")], rows: [{ ...A, host: "shared@ceph" }] }),
            ["cinder-a: cinder-a, cinder-b"],
        );
    });

    it("is refused where the topology says only how it is restarted, until it is down", () => {
        const given = { hosts: [seen("cinder-a")], restarted: ["cinder-a"] };
        assert.throws(
            () => seats({ ...given, rows: [{ ...A, state: "up" }] }),
            /cannot be stopped/,
        );
        assert.deepEqual(seats({ ...given, rows: [A] }), ["cinder-a: cinder-a"]);
    });

    it("is a host whose database and message broker answer, and else nobody", () => {
        assert.deepEqual(seats({ hosts: [broken("cinder-a"), seen("cinder-b")] }), [
            "cinder-b: cinder-a",
            "cinder-b: cinder-b",
        ]);
        assert.throws(
            () => seats({ hosts: [broken("cinder-a"), broken("cinder-b")] }),
            (error) =>
                error instanceof RefusedError &&
                error.blockers[0]?.fact === "cinder-a: no database; cinder-b: no database",
        );
    });

    it("is such a host also for rows of a service that goes on, and its own one where all are broken", () => {
        const through = (...hosts: HostFacts[]): string => {
            const parts = { hosts: hosts.map(({ name }) => ({ host: { name } })) };
            return writerOf({ parts } as unknown as Run, survey({ hosts }), "cinder-b@ceph").host
                .name;
        };
        assert.equal(through(seen("cinder-a"), seen("cinder-b")), "cinder-b");
        assert.equal(through(seen("cinder-a"), broken("cinder-b")), "cinder-a");
        assert.equal(through(broken("cinder-a"), broken("cinder-b")), "cinder-b");
    });

    it("is a host that goes on running, where a container is stopped with its Python", () => {
        const hosts = [seen("cinder-a"), seen("cinder-b")];
        const containers = ["cinder-a"];
        assert.deepEqual(seats({ hosts, rows: [A], containers }), ["cinder-b: cinder-a"]);
        assert.throws(
            () => seats({ hosts, containers: ["cinder-a", "cinder-b"] }),
            /nobody could write the rows once cinder-volume is stopped/,
        );
        // Stopped by an earlier run, it does not answer; it is started at the end.
        const after = [lost("cinder-a"), seen("cinder-b")];
        const runners = { "cinder-a@ceph": ["cinder-a"] };
        assert.deepEqual(seats({ hosts: after, rows: [A], containers, runners }), [
            "cinder-b: cinder-a",
        ]);
    });
});
