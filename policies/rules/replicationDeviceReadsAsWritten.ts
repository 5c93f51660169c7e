import { aboutDevices } from "../about";
import type { ResourceRule } from "../rule";

export const replicationDeviceReadsAsWritten: ResourceRule = {
    name: "replication-device-reads-as-written",
    demand: "A replication device means to oslo.config what it says to a reader",
    why: "oslo.config splits at commas and first colons, substitutes $, keeps comments as part of the value: what goes wrong switches replication off or falls back to another file, silently",
    source: "oslo.config types.Dict",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [16],
    checks: [9],
    judge: aboutDevices(function* ({ faults }) {
        for (const fault of faults)
            yield `replication_device ${fault}; write key:value pairs with one comma between them`;
    }),
};
