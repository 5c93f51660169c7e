import { strict as assert } from "node:assert";

import { Fleet } from "../fleet";
import { expectCode, lab, labTopology, up } from "../support";

/** Kills of each verb, spread over its journal; give the number of its entries to kill after each. */
const KILLS = Number(process.env.CINDER_DR_KILLS ?? 4);

/** kill -9 after an entry of the journal; `resume`, or the same command again, goes on to the same end. */
describe("an operation that is killed", () => {
    const topology = labTopology();
    const fleet = new Fleet(topology, "kills");
    /** Entries of a journal of a whole operation, by verb. */
    const whole = new Map<string, number>();

    before(async () => {
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(2);
        await fleet.write("primary");
        await fleet.replayed("primary");
    });
    after(() => fleet.close());

    const lines = (journal: string) => journal.split("\n").length - 1;
    const moves = [
        { verb: ["failover", "--planned"], move: "planned", to: "secondary" },
        { verb: ["failback"], move: "failback", to: "" },
    ] as const;

    it("has a journal in each direction", async () => {
        for (const { verb, move, to } of moves) {
            expectCode(await fleet.dr(...verb, ...(await fleet.consents(move))), 0);
            await fleet.expectAllOn(to);
            whole.set(move, lines(fleet.newestJournal()));
        }
    });

    for (let n = 1; n <= KILLS; n++)
        for (const { verb, move, to } of moves)
            it(`goes on: ${verb.join(" ")}, kill ${String(n)} of ${String(KILLS)}`, async () => {
                const entries = whole.get(move) ?? 0;
                assert.ok(entries > 5);
                const after = Math.min(Math.ceil((n * entries) / (KILLS + 1)), entries - 1);
                const words = [...verb, ...(await fleet.consents(move))];
                assert.ok(await fleet.killed((journal) => lines(journal) >= after, ...words));
                const last = JSON.parse(fleet.newestJournal().trim().split("\n").at(-1) ?? "{}");
                console.log(`        killed after entry ${String(after)}: ${JSON.stringify(last)}`);
                expectCode(await fleet.dr(...(n % 2 === 0 ? ["resume"] : words)), 0);
                await fleet.expectAllOn(to);
                await fleet.expectBytes(to === "" ? "primary" : "secondary");
            });

    for (const step of ["rbd-mirror daemons", "failover-host"])
        it(`goes on: failover --forced, killed at \`${step}\``, async () => {
            lab("kill", "primary", "ceph");
            try {
                const words = ["failover", "--forced", ...(await fleet.consents("forced"))];
                assert.ok(await fleet.killed((j) => j.includes(`"step":"${step}"`), ...words));
                expectCode(await fleet.dr("resume"), 0);
                await fleet.expectAllOn("secondary");
                await fleet.write("secondary");
                await fleet.expectBytes("secondary");
            } finally {
                lab("up");
            }
            expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
            await fleet.expectBytes("primary");
        });
});
