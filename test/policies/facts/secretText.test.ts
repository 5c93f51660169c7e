import { strict as assert } from "node:assert";

import { entropyOf, secretIn } from "../../../policies/facts/secretText";
import { quoted, plainName } from "../../../policies/quoted";
import { UNKNOWN } from "../../../policies/seen";

describe("secretIn", () => {
    for (const text of [
        "cinder.volume.drivers.rbd.RBDDriver",
        "00000000-0000-4000-8000-000000000003",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "/etc/ceph/secondary.client.cinder.keyring",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
        "https://keystone.example.org:5000/v3",
        "secret_uuid:0e3b0a2a-2217-4ef0-b5a5-bfd2ff217720",
        "rbd_secret_uuid = 0e3b0a2a-2217-4ef0-b5a5-bfd2ff217720",
        "password = $PASSWORD",
        "password: {{ vault }}",
        "password = <none>",
        "--password-file /run/x",
        "--token-path /dev/stdin",
        "token=/run/secrets/token",
        "password=abc",
        "--password abc",
        "AQshort",
        "eyJshort",
        "gAAAAshort",
        "ghp_short glpat-short",
        "__password  abc",
        "password: true",
        "the password is wrong",
        "deploy ALL=(root) NOPASSWD:SETENV:/x",
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "sha512-MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw==",
        Buffer.from("[DEFAULT]\nlog_dir = /var/log/cinder\nA1 = Zz9\n").toString("base64"),
        "mysql -ucinder -p < x",
        "mysql -p $PASSWORD",
        "grep -pattern mysql",
        "sshpass -p $X ssh",
        "curl -u admin:$PASSWORD https://x",
        "curl -u admin https://x",
        "AllOfTheseWordsStandTogetherHere",
        "OpenStack2024ReleaseCandidate1",
        "AAAABBBBCCCCaaaabbbbcccc1111",
    ])
        it(`takes '${text.slice(0, 40)}' for none`, () => {
            assert.equal(secretIn(text), undefined);
        });

    for (const [text, what] of [
        ["key = AQBJ7m5mAAAAABAAvTq2cJ1Yk0nA8vD3mXb9Yg==", "a cephx key"],
        ["-----BEGIN RSA PRIVATE KEY-----", "a private key"],
        ["-----BEGIN PRIVATE KEY-----", "a private key"],
        ["eyJmc2lkIjoiOWY0ODgz", "a bootstrap token"],
        ["gAAAAABlq3x7hQz1kTQWERTYuiop", "a Fernet token"],
        ["ASIAIOSFODNN7EXAMPLE", "an access key"],
        ["ghp_abcdefghijklmnopqrstuvwxyz0123", "an access key"],
        ["glpat-abcdefghijklmnopqrst", "an access key"],
        ["mysql+pymysql://cinder:hunter2@db/cinder", "a URL with a password"],
        ["PASSWORD=hunter2", "a password"],
        ["admin_passwd: hunter2", "a password"],
        ['"secret": "hunter2"', "a password"],
        ["api-key = hunter2", "a password"],
        ["ACCESS_KEY=hunter2", "a password"],
        ["--os-password hunter2", "a password"],
        ["-passphrase hunter2", "a password"],
        ["--os-auth-password  hunter2", "a password"],
        ["x mQ7vXz2Lp9RtWb4KsYc8Nd6F y", "a random text"],
        ["mysql -ucinder -phunter2 cinder", "a password"],
        ["mysqldump --all -phunter2", "a password"],
        ["sshpass -p hunter2 ssh x", "a password"],
        ["sshpass -phunter2 ssh x", "a password"],
        ["curl -s -u admin:hunter2 https://x", "a password"],
        ["curl --user=admin:hunter2 https://x", "a password"],
        [Buffer.from("[database]\npassword = hunter2\n").toString("base64"), "a password"],
        ["SHA256: mQ7vXz2Lp9RtWb4KsYc8Nd6F", "a random text"],
    ] as const)
        it(`knows '${text.slice(0, 30)}' for ${what}`, () => {
            assert.equal(secretIn(text), what);
        });

    it("measures entropy in bits per character", () => {
        assert.equal(entropyOf("aaaa"), 0);
        assert.equal(entropyOf("abab"), 1);
        assert.equal(entropyOf("abcd"), 2);
    });
});

describe("quoted", () => {
    it("shows a value and hides a secret", () => {
        assert.equal(quoted("x"), "'x'");
        assert.equal(quoted(5), "'5'");
        assert.equal(quoted(null), "'null'");
        assert.equal(quoted(undefined), "nothing");
        assert.equal(quoted(UNKNOWN), "a value not known yet");
        assert.equal(quoted({ a: "password=hunter2" }), "a value that looks like a secret");
        assert.equal(plainName("ceph"), "ceph");
        assert.equal(plainName("password=hunter2"), "…");
    });
});
