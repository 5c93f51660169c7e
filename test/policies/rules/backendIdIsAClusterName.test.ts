import { backendIdIsAClusterName } from "../../../policies/rules/backendIdIsAClusterName";
import { confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

const device = (id: string) =>
    confCommand(
        stanza({ replication_device: DEVICE.replace("backend_id:secondary", `backend_id:${id}`) }),
    );
const none =
    "'conf' [ceph] replication_device has no backend_id; add backend_id:<cluster name of the target>";
const reserved = (id: string) =>
    `'conf' [ceph] has the backend_id ${id}, which Cinder reserves for failback; name the target's cluster`;
const odd = (id: string) =>
    `'conf' [ceph] has the backend_id ${id}; use letters, digits, '_' and '-'`;

testRule(backendIdIsAClusterName, {
    passes: {
        "a cluster name": device("secondary"),
        "digits, dashes and underscores": device("2nd_site-b"),
    },
    fails: {
        absence: [
            confCommand(
                stanza({ replication_device: DEVICE.replace("backend_id:secondary,", "") }),
            ),
            none,
        ],
        "an empty id": [device(""), none],
        "the reserved word": [device("default"), reserved("'default'")],
        "the reserved word in another case": [device("Default"), reserved("'Default'")],
        "a path": [device("../x"), odd("'../x'")],
        "a space": [device("site b"), odd("'site b'")],
    },
    unknown: ["create"],
});
