import { aboutStanzas } from "../about";
import type { ResourceRule } from "../rule";

export const backendHasOneReplicationDevice: ResourceRule = {
    name: "backend-has-one-replication-device",
    demand: "A replicated backend has exactly one replication device",
    why: "Ceph allows one mirror peer a pool, so a second device is never mirrored; values of several sections or files add up and the first one wins",
    source: "librbd api/Mirror.cc; oslo.config MultiOpt",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [16, 22],
    checks: [9],
    judge: aboutStanzas(function* ({ devices }) {
        if (devices.length > 1) yield `has ${String(devices.length)} replication devices; keep one`;
    }),
};
