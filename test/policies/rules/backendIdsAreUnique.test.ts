import { backendIdsAreUnique } from "../../../policies/rules/backendIdsAreUnique";
import { backend, confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

const ceph = (id: string) =>
    confCommand(
        stanza(
            { replication_device: DEVICE.replace("backend_id:secondary", `backend_id:${id}`) },
            "other",
        ),
        "b",
        "10.0.0.2",
    );

testRule(backendIdsAreUnique, {
    passes: {
        "one id on many hosts": [confCommand(stanza()), backend()],
        "two ids": [confCommand(stanza()), ceph("tertiary")],
        "no id": [
            confCommand(stanza()),
            confCommand(stanza({ replication_device: "conf:/x,user:y" })),
        ],
    },
    fails: {
        "a twin by case": [
            [confCommand(stanza()), ceph("Secondary")],
            "'conf' has the backend_id 'secondary' beside 'Secondary'; write both alike",
        ],
    },
    unknown: ["create"],
});
