import { strict as assert } from "node:assert";

import { refuseFailback } from "../../operations/failback";
import { backend, NOW, reader, row, survey, view, writer } from "../support/survey";

/** A backend that is on its secondary, whose primary has these last beacons of rbd-mirror. */
const over = (...beacons: number[]) =>
    survey({
        volume: { replicationStatus: "failed-over" },
        rows: [
            row({
                replication_status: "failed-over",
                active_backend_id: backend.replicationDevice.backendId,
            }),
        ],
        primary: reader(),
        secondary: writer(),
        views: {
            primary: view(
                { "volume-v1": reader() },
                {
                    daemons: {
                        list: beacons.map((beacon) => ({
                            id: "1",
                            name: "m",
                            hostname: "h",
                            beacon,
                        })),
                    },
                },
            ),
        },
    });

describe("a failback is refused before it begins", () => {
    const refused = (...beacons: number[]) => {
        try {
            refuseFailback(over(...beacons), new Map());
        } catch (error) {
            return (error as Error).message;
        }
        return undefined;
    };

    it("without an rbd-mirror on the primary, or with one that fell silent", () => {
        assert.equal(refused(), "refused, nothing was changed: 1 blocker(s)");
        assert.equal(refused(NOW - 90), "refused, nothing was changed: 1 blocker(s)");
    });

    it("but not where the primary's mgr has just come back and waits for the daemon's beacon", () => {
        assert.equal(refused(0), undefined);
        assert.equal(refused(NOW - 3), undefined);
    });
});
