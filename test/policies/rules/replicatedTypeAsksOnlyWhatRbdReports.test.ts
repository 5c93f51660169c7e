import { replicatedTypeAsksOnlyWhatRbdReports } from "../../../policies/rules/replicatedTypeAsksOnlyWhatRbdReports";
import { plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

testRule(replicatedTypeAsksOnlyWhatRbdReports, {
    passes: {
        "no such spec": volumeType(),
        "a type of another driver": plainType("netapp", { replication_type: "<in> async" }),
    },
    fails: {
        replication_type: [
            volumeType({ replication_type: "<in> async" }),
            "'replicated' asks for replication_type, which no RBD backend reports; leave it out",
        ],
        "replication_count, scoped": [
            volumeType({ "capabilities:replication_count": 2 }),
            "'replicated' asks for replication_count, which no RBD backend reports; leave it out",
        ],
    },
    unknown: ["extraSpecs"],
});
