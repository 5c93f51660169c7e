import * as pulumi from "@pulumi/pulumi";

import { CinderDisasterRecovery, type TopologyInput } from "../../../components";

const topology = new pulumi.Config("cinder-dr").requireObject<TopologyInput>("topology");
/** Of another stack, say, or of an SDK that forgot to answer. */
const never = new Promise<never>(() => undefined);

switch (process.env.CINDER_DR_WAITS) {
    case "for the topology":
        new CinderDisasterRecovery("first", {
            topology: pulumi.output(never),
        });
        break;
    case "for a value of it":
        topology.backends.ceph = { ...topology.backends.ceph, pool: pulumi.output(never) } as never;
        new CinderDisasterRecovery("first", { topology });
        break;
    default:
        new CinderDisasterRecovery(
            "first",
            { topology },
            { dependsOn: pulumi.output(never) as pulumi.Output<pulumi.Resource> },
        );
}
