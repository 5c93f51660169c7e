import { aboutVolumeTypes } from "../about";
import { wantsReplication } from "../facts/volumeTypes";
import type { ResourceRule } from "../rule";

export const replicatedTypeIsNotEncrypted: ResourceRule = {
    name: "replicated-type-is-not-encrypted",
    demand: "A replicated volume type is not encrypted by Cinder",
    why: "The RBD driver returns before it enables mirroring of a blank encrypted volume: the volume is lost with its site, and its key with the key manager",
    source: "cinder/volume/drivers/rbd.py create_volume",
    level: "mandatory",
    severity: "critical",
    reference: "Block-09",
    traps: [7],
    checks: [26],
    judge: aboutVolumeTypes(function* (type) {
        const isEncrypted =
            type.isEncrypted ||
            Object.keys(type.specs).some((key) => /^encryption(?:$|[:_])/.test(key));
        if (isEncrypted && wantsReplication(type))
            yield "is encrypted and replicated, and its blank volumes are not mirrored; leave the encryption out";
    }),
};
