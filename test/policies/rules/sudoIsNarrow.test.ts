import { sudoIsNarrow } from "../../../policies/rules/sudoIsNarrow";
import { command } from "../fixtures";
import { testRule } from "../support";

const said = "'run' lets a login run anything as root; name the one command in the sudoers line";

testRule(sudoIsNarrow, {
    passes: {
        "a server of anybody": {
            type: "openstack:compute/instance:Instance",
            name: "vm",
            props: { userData: "sudo: ALL=(ALL) NOPASSWD:ALL" },
        },
        "one command": command(
            "echo 'deploy ALL=(root) NOPASSWD: /usr/bin/python3 -I -c x' > /etc/sudoers.d/cinder",
        ),
    },
    fails: {
        everything: [command("echo 'deploy ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/x"), said],
        "a wildcard": [command("echo 'deploy ALL=NOPASSWD:/usr/bin/tee *'"), said],
    },
    unknown: ["create"],
});
