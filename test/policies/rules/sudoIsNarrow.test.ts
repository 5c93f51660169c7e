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
        "a tool of anybody": {
            type: "command:remote:CopyToRemote",
            name: "copy",
            props: { source: { text: "deploy ALL=(root) NOPASSWD: /x\n" } },
        },
        "the push of a host": {
            ...command("true", { stdin: "x ALL=NOPASSWD: ALL" }),
            parentType: "cinder-dr:index:CinderHost",
        },
        "a wildcard behind the line": command(
            "echo 'deploy ALL=(root) NOPASSWD: /x' > /etc/sudoers.d/x && rm /tmp/*; echo NOPASSWD: /x | tee * > *",
        ),
        "a command with tags": command("echo 'deploy ALL=NOPASSWD: SETENV: NOEXEC: /x'"),
        "a command called ALLOW": command("echo 'deploy ALL=NOPASSWD:ALLOW'"),
        "one command": command(
            "echo 'deploy ALL=(root) NOPASSWD: /usr/bin/python3 -I -c x' > /etc/sudoers.d/cinder",
        ),
    },
    fails: {
        everything: [command("echo 'deploy ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/x"), said],
        "everything behind tags": [
            command("echo 'deploy ALL=NOPASSWD: SETENV:NO_EXEC: ALL' | tee x"),
            said,
        ],
        "a line of its own": [command("cat > x", { stdin: "a\ndeploy ALL=NOPASSWD:ALL\nb" }), said],
        "a copy resource": [
            {
                type: "command:remote:CopyToRemote",
                name: "run",
                props: { source: { text: "deploy ALL=(root) NOPASSWD: /bin/systemctl * x\n" } },
            },
            said,
        ],
        "a wildcard": [command("echo 'deploy ALL=NOPASSWD:/usr/bin/tee *'"), said],
    },
    unknown: ["create"],
});
