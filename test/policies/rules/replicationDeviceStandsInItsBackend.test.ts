import { replicationDeviceStandsInItsBackend } from "../../../policies/rules/replicationDeviceStandsInItsBackend";
import { confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

testRule(replicationDeviceStandsInItsBackend, {
    passes: {
        "the backend's section": confCommand(`[DEFAULT]\nenabled_backends = ceph\n${stanza()}`),
    },
    fails: {
        "the section of the service": [
            confCommand(`[DEFAULT]\nreplication_device = ${DEVICE}\n${stanza()}`),
            "'conf' has a replication_device in [DEFAULT]; put it into the backend's own section",
        ],
        "the section of all backends": [
            confCommand(`[backend_defaults]\nreplication_device = ${DEVICE}\n`),
            "'conf' has a replication_device in [backend_defaults]; put it into the backend's own section",
        ],
    },
    unknown: ["create"],
});
