import { aboutStanzas } from "../about";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";

/** The second one has a short default of its own. */
const OPTIONS = ["rados_connect_timeout", "replication_connect_timeout"];

export const connectTimeoutsAreShort: ResourceRule = {
    name: "connect-timeouts-are-short",
    demand: "A replicated backend waits seconds, not minutes, for a dead cluster",
    why: "With Cinder's default of -1 a dead primary blocks every connect for 300 s: a failover took 332 s instead of 34 s, and the service cannot start",
    source: "cinder/volume/drivers/rbd.py rados_connect_timeout, replication_connect_timeout",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [33],
    checks: [22],
    settings: {
        maximumSeconds: {
            type: "integer",
            minimum: 1,
            default: 30,
            description: "Longest time that counts as short.",
        },
    },
    judge: aboutStanzas(function* (stanza, { maximumSeconds }) {
        const demand = `set it to 1 to ${String(maximumSeconds)} seconds`;
        const isShort = (value: string) =>
            /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= Number(maximumSeconds);
        const rados = stanza.value("rados_connect_timeout");
        if (rados === undefined && stanza.whole) yield `has no rados_connect_timeout; ${demand}`;
        for (const option of OPTIONS) {
            const value = stanza.value(option);
            if (value !== undefined && !isShort(value))
                yield `has ${option} = ${quoted(value)}; ${demand}`;
        }
    }),
};
