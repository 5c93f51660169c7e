import { cephUserIsNotAdmin } from "../../../policies/rules/cephUserIsNotAdmin";
import { confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

const said =
    "'conf' [ceph] uses client.admin or writes a user with 'client.'; create a user with 'profile rbd' caps and write its bare name";

testRule(cephUserIsNotAdmin, {
    passes: {
        "a user of its own": confCommand(stanza()),
        "a user whose name begins like it": confCommand(stanza({ rbd_user: "administrator" })),
    },
    fails: {
        "admin here": [confCommand(stanza({ rbd_user: "admin" })), said],
        "admin there": [
            confCommand(
                stanza({ replication_device: DEVICE.replace("user:cinder", "user:admin") }),
            ),
            said,
        ],
        "a user with its prefix": [confCommand(stanza({ rbd_user: "client.cinder" })), said],
    },
    unknown: ["create"],
});
