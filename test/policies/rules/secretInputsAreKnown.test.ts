import { strict as assert } from "node:assert";

import { Secret } from "@pulumi/policy";

import { rules } from "../../../policies/index";
import { backendIdIsAClusterName } from "../../../policies/rules/backendIdIsAClusterName";
import { secretInputsAreKnown } from "../../../policies/rules/secretInputsAreKnown";
import { stdinWithASecretIsEncrypted } from "../../../policies/rules/stdinWithASecretIsEncrypted";
import { volumeTypeSpellsReplicationExactly } from "../../../policies/rules/volumeTypeSpellsReplicationExactly";
import { command, connection, DEVICE, host, rootStack, stanza, volumeType } from "../fixtures";
import { repaired, violations } from "../support";

const spelled = (value: unknown) => volumeType({ replication_enabled: value });
const judge = (value: unknown) =>
    violations([volumeTypeSpellsReplicationExactly], [spelled(value)]);

describe(`${secretInputsAreKnown.name}: ${secretInputsAreKnown.demand}`, () => {
    it("is in the pack, and on", () => {
        assert.ok(rules.includes(secretInputsAreKnown));
        assert.equal(secretInputsAreKnown.level, "remediate");
    });

    it("says nothing while it is on", async () => {
        assert.deepEqual(await violations([secretInputsAreKnown], [rootStack(), host()]), []);
    });

    it("fails the stack where it was switched off", async () => {
        assert.deepEqual(
            await violations(
                [{ ...secretInputsAreKnown, level: "mandatory" }],
                [rootStack(), host()],
                { blind: true },
            ),
            [
                "'cinder-dr-test' is judged without knowing its secrets; set the level of this rule to remediate, which changes nothing",
            ],
        );
    });

    it("changes nothing", async () => {
        assert.equal(await repaired(secretInputsAreKnown, host()), undefined);
    });

    it("hides a Pulumi secret that looks like nothing special", async () => {
        const [said = ""] = await judge(new Secret("yes please"));
        assert.match(said, /says replication_enabled = '\[secret\]'; write/);
        const [open = ""] = await judge("yes please");
        assert.match(open, /says replication_enabled = 'yes please'; write/);
    });

    it("hides secrets inside secret objects and lists", async () => {
        const specs = volumeType(
            {},
            {
                props: {
                    extraSpecs: new Secret({ replication_enabled: "yes please", list: ["other"] }),
                },
            },
        );
        const [said = ""] = await violations([volumeTypeSpellsReplicationExactly], [specs]);
        assert.match(said, /says replication_enabled = '\[secret\]'/);
    });

    it("hides a secret wherever it stands, in a stack rule's words too", async () => {
        const secret = command("true", { stdin: new Secret("tertiary") });
        const other = host({
            stanzas: {
                ceph: stanza({ replication_device: DEVICE.replace("secondary", "default") }),
            },
        });
        const said = await violations(
            [backendIdIsAClusterName],
            [command("true", { stdin: new Secret("default") }), other],
        );
        assert.match(said.join(), /has the backend_id '\[secret\]'/);
        assert.deepEqual(await violations([backendIdIsAClusterName], [secret]), []);
    });

    it("hides a secret of four letters, and credentials of a hop alone", async () => {
        assert.match((await judge(new Secret("sure")))[0] ?? "", /'\[secret\]'/);
        const odd = { xconnection: { password: "not me" }, connection: { passwords: "nor me" } };
        const said = await violations(
            [volumeTypeSpellsReplicationExactly],
            [command("true", { connection: new Secret(odd.connection) }), spelled("nor me")],
        );
        assert.match(said[0] ?? "", /'nor me'/);
    });

    it("knows a secret that holds nothing", async () => {
        const said = await violations(
            [volumeTypeSpellsReplicationExactly],
            [command("true", { stdin: new Secret(null) }), spelled("null")],
        );
        assert.match(said[0] ?? "", /'null'/);
    });

    it("leaves short texts and the plain parts of a connection alone", async () => {
        assert.match((await judge(new Secret("yes")))[0] ?? "", /'yes'/);
        const secret = new Secret(
            connection({
                host: "please",
                privateKey: "a key",
                proxy: connection({ password: "of the" }),
            }),
        );
        const said = await violations(
            [volumeTypeSpellsReplicationExactly],
            [command("true", { connection: secret }), spelled("please a key of the")],
        );
        assert.match(said[0] ?? "", /'please \[secret\] \[secret\]'/);
    });

    it("lets a rule tell a plain secret from an encrypted one", async () => {
        const KEY = "AQBJ7m5mAAAAABAAvTq2cJ1Yk0nA8vD3mXb9Yg==";
        const judged = (stdin: unknown, blind = false) =>
            violations([stdinWithASecretIsEncrypted], [command("sh -s", { stdin })], { blind });
        assert.equal((await judged(KEY)).length, 1);
        assert.deepEqual(await judged(new Secret(KEY)), []);
        assert.deepEqual(await judged(KEY, true), []);
    });
});
