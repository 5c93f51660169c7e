import { strict as assert } from "node:assert";

import type { SavedRows } from "../../operations/cinderHost";
import { undone } from "../../operations/forcedUndo";

const rows = (
    service: Record<string, unknown>,
    volumes: SavedRows["volumes"] = {},
    cluster: SavedRows["cluster"] = null,
): SavedRows => ({ service, cluster, volumes, snapshots: {} });

describe("the rows that an undo puts back", () => {
    it("are those fields that still hold what was written", () => {
        const before = rows(
            { replication_status: "enabled", active_backend_id: null, disabled: false },
            {
                v1: { status: "in-use", replication_status: "enabled" },
                v2: { status: "available", previous_status: null, replication_status: null },
                v3: { status: "available", replication_status: "enabled" },
            },
        );
        const moved = {
            replication_status: "failed-over",
            active_backend_id: "lyon",
            disabled: true,
        };
        const written = rows(moved, {
            v1: { replication_status: "failed-over" },
            v2: {
                status: "error",
                previous_status: "available",
                replication_status: "not-capable",
            },
        });
        // Thawed since, and v1 was detached; v2 was given back by hand.
        const now = rows(
            { ...moved, disabled: false },
            {
                v1: { status: "available", replication_status: "failed-over" },
                v2: {
                    status: "available",
                    previous_status: "available",
                    replication_status: "not-capable",
                },
                v3: { status: "error", replication_status: "error" },
            },
        );
        assert.deepEqual(undone(before, written, now), {
            service: { replication_status: "enabled", active_backend_id: null },
            cluster: null,
            volumes: {
                v1: { replication_status: "enabled" },
                v2: { previous_status: null, replication_status: null },
            },
            snapshots: {},
        });
    });

    it("await no failover that was dropped from the queue", () => {
        const hung = { replication_status: "failing-over" };
        const moved = { replication_status: "failed-over" };
        const { service, cluster } = undone(
            rows(hung, {}, hung),
            rows(moved, {}, moved),
            rows(moved, {}, moved),
        );
        assert.deepEqual(
            [service, cluster],
            [{ replication_status: "enabled" }, { replication_status: "enabled" }],
        );
    });
});
