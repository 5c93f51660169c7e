import { replicatedTypeHasNoQosAtTheBackEnd } from "../../../policies/rules/replicatedTypeHasNoQosAtTheBackEnd";
import { volumeType } from "../fixtures";
import { testRule } from "../support";

const qos = (props: Record<string, unknown>) => ({
    type: "openstack:blockstorage/qosV3:QosV3",
    name: "fast",
    props,
});
const said =
    "'fast' is enforced at the back-end; for volumes that replicate write consumer: front-end";

testRule(replicatedTypeHasNoQosAtTheBackEnd, {
    passes: {
        "QoS in the hypervisor": qos({ consumer: "front-end" }),
        "a volume type": volumeType(),
        "a consumer that is not known yet": qos({
            consumer: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        }),
    },
    fails: {
        "QoS at the back-end": [qos({ consumer: "back-end" }), said],
        both: [qos({ consumer: "both" }), said],
        absence: [qos({}), said],
    },
});
