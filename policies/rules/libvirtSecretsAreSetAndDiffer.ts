import { aboutDevices } from "../about";
import type { ResourceRule } from "../rule";

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export const libvirtSecretsAreSetAndDiffer: ResourceRule = {
    name: "libvirt-secrets-are-set-and-differ",
    demand: "A replicated backend sets rbd_secret_uuid and the device a different secret_uuid",
    why: "With one unset Cinder falls back to the other cluster's or to an FSID: after a failover and a failback servers are handed the wrong key and cannot attach",
    source: "cinder/volume/drivers/rbd.py _get_fsid, initialize_connection; bug 1828974",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [17, 39],
    checks: [],
    judge: aboutDevices(function* ({ pairs }, stanza) {
        const [there, here] = [pairs.get("secret_uuid"), stanza.value("rbd_secret_uuid")];
        if (there === undefined)
            yield "replication_device has no secret_uuid; add the libvirt secret with the target's key";
        else if (!UUID.test(there))
            yield "replication_device has a secret_uuid that is no UUID; write the libvirt secret's UUID";
        if (here === undefined || here === "") {
            if (stanza.whole)
                yield "has no rbd_secret_uuid; add the libvirt secret with the primary's key";
        } else if (!UUID.test(here))
            yield "has an rbd_secret_uuid that is no UUID; write the libvirt secret's UUID";
        else if (here.toLowerCase() === there?.toLowerCase())
            yield "has one libvirt secret for both clusters; two clusters have two keys, so give secret_uuid another UUID";
    }),
};
