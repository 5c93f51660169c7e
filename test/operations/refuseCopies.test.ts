import { strict as assert } from "node:assert";

import { failbackMove, refuseFailback } from "../../operations/failback";
import { RefusedError } from "../../operations/operationEnd";
import { NOW, reader, row, survey, writer, type Given } from "../support/survey";

const there = (given: Given) =>
    survey({
        rows: [row({ active_backend_id: "lyon", replication_status: "failed-over" })],
        volume: { status: "in-use", replicationStatus: "failed-over", servers: ["s1"] },
        secondary: writer({ users: ["10.0.0.9:0/1"] }),
        ...given,
    });
const accepted = new Map([["attached", 1]]);

describe("a failback that stops the servers first", () => {
    const cases: [string, Given, string][] = [
        ["has forked", { primary: writer() }, " --accept-loss discarded=1"],
        ["is copied", { primary: reader({ state: "up+syncing", description: "12%" }) }, ""],
        ["is not there yet", { primary: undefined }, ""],
    ];
    for (const [what, given, words] of cases)
        it(`is refused before a stop while an image ${what}: servers may run meanwhile`, () => {
            refuseFailback(there(given), accepted);
            assert.throws(
                () => {
                    failbackMove.refuse(there(given), accepted);
                },
                (error: unknown) =>
                    error instanceof RefusedError &&
                    error.message.includes(
                        `1 image(s) do not follow on paris yet, which may take hours, and servers may run meanwhile: first \`cinder-dr failback --resync-only${words}\`; when that has ended, \`cinder-dr failback --stop-servers\``,
                    ),
            );
        });

    it("goes on where all replay, be they late or not confirmed, and where no resync would help", () => {
        const late = writer({ positions: { "": [3, 105], peer: [3, 100] }, users: [] });
        for (const given of [
            { primary: reader() },
            { primary: reader(), secondary: late },
            { primary: reader({ lastUpdate: NOW - 20 }) },
        ])
            failbackMove.refuse(there(given), accepted);
        // Nobody asked for a copy of it, and a failback marks it.
        const lonely = { primary: undefined, secondary: undefined };
        assert.throws(
            () => {
                failbackMove.refuse(there(lonely), accepted);
            },
            (error: unknown) => error instanceof RefusedError && error.blockers.length > 0,
        );
        failbackMove.refuse(there(lonely), new Map([...accepted, ["unmarked", 1]]));
    });
});
