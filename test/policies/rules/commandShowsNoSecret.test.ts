import { Secret } from "@pulumi/policy";

import { commandShowsNoSecret } from "../../../policies/rules/commandShowsNoSecret";
import { backend, command, host, HOST_KEY, localCommand, volumeType } from "../fixtures";
import { testRule } from "../support";

const KEY = "AQBJ7m5mAAAAABAAvTq2cJ1Yk0nA8vD3mXb9Yg==";
const PEM =
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----";
const said = (what: string, where: string) =>
    `'run' shows ${what} in ${where}; hand it over on stdin, as a Pulumi secret`;

testRule(commandShowsNoSecret, {
    passes: {
        "a plain command": command(
            "install -m 0640 /tmp/x /etc/cinder/cinder.conf && systemctl restart cinder-volume",
        ),
        "a variable": command("OS_PASSWORD=$PW openstack volume list --os-password $PW"),
        "a secret on stdin": command("sh -s", { stdin: `key = ${KEY}` }),
        "a private key of the connection": command("true", {
            connection: { hostKey: HOST_KEY, privateKey: PEM },
        }),
        "a public key": command(`echo '${HOST_KEY}' >> /root/.ssh/known_hosts`),
        "digests, UUIDs, paths and versions": command(
            "echo 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 00000000-0000-4000-8000-000000000003 /usr/lib/python3.11/dist-packages/cinder/volume/drivers/rbd.py linux-image-6.1.0-13-amd64-unsigned",
        ),
        "an encrypted variable": command("openstack volume list", {
            environment: { OS_PASSWORD: new Secret("hunter2hunter2"), OS_USERNAME: "x" },
        }),
        "encrypted variables": command("openstack volume list", {
            environment: new Secret({ OS_PASSWORD: "hunter2hunter2" }),
        }),
        "digests that a command runs again for": command("true", {
            triggers: [20, 32, 48, 64].map((n) =>
                Buffer.from(Array.from({ length: n }, (_, i) => (i * 89 + 7) % 256)).toString(
                    "base64",
                ),
            ),
        }),
        "a file in base64": command(
            `echo ${Buffer.from("[Log]\nA1 = Zz9, q8 = Yy7\n").toString("base64")} | base64 -d > x`,
        ),
        "the UUID of a libvirt secret": backend(),
        "a host": host(),
        "a password's path": command("mysql --password-file /run/secrets/db --token $(cat /t)"),
        "flags about passwords": command("x --password=true; echo 'password: none'"),
        "another resource": { ...volumeType(), props: { create: KEY } },
    },
    fails: {
        "a cephx key": [command(`ceph-authtool x --add-key ${KEY}`), said("a cephx key", "create")],
        "a cephx key without padding": [
            command(`echo ${KEY.slice(0, -2)}`),
            said("a cephx key", "create"),
        ],
        "a private key": [
            localCommand("true", { update: `cat > k <<E\n${PEM}\nE` }),
            said("a private key", "update"),
        ],
        "a bootstrap token": [
            command("rbd mirror pool peer bootstrap import volumes <(echo eyJmc2lkIjoiOWY0ODgz)"),
            said("a bootstrap token", "create"),
        ],
        "a Fernet token": [
            command("curl -H 'X-Auth-Token: gAAAAABlq3x7hQz1kTQWERTYuiop' x"),
            said("a Fernet token", "create"),
        ],
        "an access key": [command("aws AKIAIOSFODNN7EXAMPLE"), said("an access key", "create")],
        "a token of a forge": [
            command("git clone https://ghp_abcdefghijklmnopqrstuvwxyz0123@x/y"),
            said("an access key", "create"),
        ],
        "a URL with a password": [
            command("echo rabbit://cinder:hunter2@mq:5672"),
            said("a URL with a password", "create"),
        ],
        "an assigned password": [
            command("true", { delete: "OS_PASSWORD=hunter2 openstack volume list" }),
            said("a password", "delete"),
        ],
        "a password as an option": [
            command("openstack --os-password hunter2 volume list"),
            said("a password", "create"),
        ],
        "a password in the environment": [
            command("true", { environment: { OS_PASSWORD: "hunter2" } }),
            said("a password", "environment.OS_PASSWORD"),
        ],
        "a variable beside an encrypted one": [
            command("true", {
                environment: { OS_PASSWORD: "hunter2", OS_TOKEN: new Secret("hunter2hunter2") },
            }),
            said("a password", "environment.OS_PASSWORD"),
        ],
        "an encrypted command line": [
            command("", { create: new Secret("mysql -pHunter2hunter2 cinder") }),
            said("a password", "create"),
        ],
        "a digest that is no trigger": [
            command(
                `x ${Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 89 + 7) % 256)).toString("base64")}`,
            ),
            said("a random text", "create"),
        ],
        "a random text among triggers": [
            command("true", { triggers: ["mQ7vXz2Lp9RtWb4KsYc8Nd6F"] }),
            said("a random text", "triggers.0"),
        ],
        "a password in a file in base64": [
            command(
                `echo ${Buffer.from("[database]\npassword = hunter2\n").toString("base64")} | base64 -d > x`,
            ),
            said("a password", "create"),
        ],
        "a secret among triggers": [
            command("true", { triggers: [KEY] }),
            said("a cephx key", "triggers.0"),
        ],
        "a random text": [command("x mQ7vXz2Lp9RtWb4KsYc8Nd6F"), said("a random text", "create")],
        "a secret in a component's inputs": [
            backend({ options: { rbd_key: KEY } }),
            "'ceph' shows a cephx key in options.rbd_key; hand it over on stdin, as a Pulumi secret",
        ],
    },
    unknown: ["create"],
    settings: {
        "passes a text that is not random enough": [
            { minimumEntropy: 5 },
            command("x mQ7vXz2Lp9RtWb4KsYc8Nd6F"),
        ],
    },
});
