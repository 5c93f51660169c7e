import { confFileHasOneWriter } from "../../../policies/rules/confFileHasOneWriter";
import { command, confCommand, connection, host, localCommand, stanza } from "../fixtures";
import { testRule } from "../support";

const copy = (remotePath: string) => ({
    type: "command:remote:CopyToRemote",
    name: "copy",
    props: { remotePath, connection: connection() },
});
const said = (one: string, other: string) =>
    `'${one}' writes the cinder.conf that '${other}' writes on the same host; leave one of the two`;

testRule(confFileHasOneWriter, {
    passes: {
        "two hosts": [host(), host({}, "cinder-b"), confCommand(stanza())],
        "a reader of the file": [
            host({ address: "10.0.0.1" }),
            command("grep ceph /etc/cinder/cinder.conf"),
        ],
        "a copy beside it": [
            host({ address: "10.0.0.1" }),
            command("cp /etc/cinder/cinder.conf.new /tmp/cinder.conf"),
        ],
        "the push of the host itself": [
            host({ address: "10.0.0.1" }),
            { ...confCommand(stanza()), parentType: "cinder-dr:index:CinderHost" },
        ],
        "another port": [host({ address: "10.0.0.1", port: 2222 }), confCommand(stanza())],
        "another file": [
            host({ address: "10.0.0.1", configFile: "/etc/kolla/cinder.conf" }),
            confCommand(stanza()),
        ],
        "files of that ending and beginning": [
            host({ address: "10.0.0.1" }),
            command("tee /etc/cinder/cinder.conf.new etc/cinder/cinder.conf"),
        ],
        "a copy of the file": [
            host({ address: "10.0.0.1" }),
            command("cp /etc/cinder/cinder.conf /root/cinder.conf.backup"),
        ],
        "a local command": [host(), localCommand("crudini --set /etc/cinder/cinder.conf a b c")],
        "a copy of another file": [host({ address: "10.0.0.1" }), copy("/etc/cinder/policy.yaml")],
    },
    fails: {
        "two hosts with one address": [
            [host({ address: "10.0.0.1" }, "cinder-b"), host({ address: "10.0.0.1" }, "a")],
            said("cinder-b", "a"),
        ],
        "one address in two cases": [
            [host({ address: "Cinder-A" }), host({ address: "cinder-a" }, "b")],
            said("cinder-a", "b"),
        ],
        "a here-document": [
            [confCommand(stanza()), host({ address: "10.0.0.1" })],
            said("conf", "cinder-a"),
        ],
        crudini: [
            [
                command("sudo crudini --set /etc/cinder/cinder.conf ceph a b"),
                host({ address: "10.0.0.1" }),
            ],
            said("run", "cinder-a"),
        ],
        tee: [
            [command("tee /etc/cinder/cinder.conf"), host({ address: "10.0.0.1" })],
            said("run", "cinder-a"),
        ],
        sed: [
            [command("sed -i s/a/b/ /etc/cinder/cinder.conf"), host({ address: "10.0.0.1" })],
            said("run", "cinder-a"),
        ],
        "a redirection without a space": [
            [command("echo x >>/etc/cinder/cinder.conf"), host({ address: "10.0.0.1" })],
            said("run", "cinder-a"),
        ],
        "a copy into its directory": [
            [command("cp /tmp/cinder.conf /etc/cinder/"), host({ address: "10.0.0.1" })],
            said("run", "cinder-a"),
        ],
        "a copy resource": [
            [copy("/etc/cinder/cinder.conf"), host({ address: "10.0.0.1" })],
            said("copy", "cinder-a"),
        ],
        "a command without a port": [
            [
                command("mv x /etc/cinder/cinder.conf", { connection: { host: "10.0.0.1" } }),
                host({ address: "10.0.0.1" }),
            ],
            said("run", "cinder-a"),
        ],
    },
    unknown: ["address"],
});
