import type { ResourceRule } from "../rule";
import { UNKNOWN } from "../seen";

const QOS = "openstack:blockstorage/qosV3:QosV3";

export const replicatedTypeHasNoQosAtTheBackEnd: ResourceRule = {
    name: "replicated-type-has-no-qos-at-the-back-end",
    demand: "A replicated volume type carries no QoS that is kept on the image",
    why: "Back-end QoS is image metadata, written on the active cluster only; whether it survives on the mirror is not proven, and with QoS a new volume's replication_status starts differently",
    source: "cinder/volume/drivers/rbd.py config_set (Zed and later); cinder/volume/flows/api/create_volume.py",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [],
    checks: [],
    *judge({ type, inputs }) {
        if (type !== QOS || inputs.consumer === "front-end" || inputs.consumer === UNKNOWN) return;
        yield "is enforced at the back-end; for volumes that replicate write consumer: front-end";
    },
};
