import { replicatedBackendIsEnabled } from "../../../policies/rules/replicatedBackendIsEnabled";
import { command, confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

testRule(replicatedBackendIsEnabled, {
    passes: {
        "a backend in the list": confCommand(
            `[DEFAULT]\nenabled_backends = lvm, ceph\n${stanza()}`,
        ),
        "a text without the list": confCommand(stanza()),
        "a backend without replication": confCommand(
            `[DEFAULT]\nenabled_backends = lvm\n${stanza({ replication_device: undefined })}`,
        ),
        "an option set by a tool": command(
            `crudini --set /etc/cinder/cinder.conf DEFAULT enabled_backends lvm; crudini --set /etc/cinder/cinder.conf ceph replication_device ${DEVICE}`,
        ),
        "a list of another section": confCommand(`[other]\nenabled_backends = lvm\n${stanza()}`),
    },
    fails: {
        "a list without it": [
            confCommand(`[DEFAULT]\nenabled_backends = lvm\n${stanza()}`),
            "'conf' [ceph] replicates and is not in enabled_backends; add it there",
        ],
    },
    unknown: ["create"],
});
