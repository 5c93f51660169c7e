import { deviceUserIsTheBackendsBeforeTrain } from "../../../policies/rules/deviceUserIsTheBackendsBeforeTrain";
import { confCommand, DEVICE, recovery, stanza } from "../fixtures";
import { testRule } from "../support";

const other = confCommand(stanza({ rbd_user: "volumes" }));
const said =
    "'conf' [ceph] has another user for the target, which Cinder 14 ignores after a failover; use one user on both sites";

testRule(deviceUserIsTheBackendsBeforeTrain, {
    passes: {
        "a target that falls back to the backend's user": [
            recovery({ release: 14 }),
            confCommand(stanza({ replication_device: DEVICE.replace("user:cinder,", "") })),
        ],
        "one user": [recovery({ release: 14 }), confCommand(stanza())],
        "another user from Train on": [recovery({ release: 15 }), other],
        "no release": [recovery(), other],
        "no users at all": [
            recovery({ release: 14 }),
            confCommand(
                stanza({
                    rbd_user: undefined,
                    replication_device: DEVICE.replace("user:cinder,", ""),
                }),
            ),
        ],
    },
    fails: {
        "another user": [[other, recovery({ release: 14 })], said],
        "a user on one side only": [
            [confCommand(stanza({ rbd_user: undefined })), recovery({ release: 10 })],
            said.replace("14", "10"),
        ],
    },
    unknown: ["create"],
    settings: {
        "fails for a release that the stack does not say": [{ release: 14 }, [other], said],
    },
});
