import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HIDDEN, maskText, maskValue, secretsOf, UNKNOWN } from "../../review/mask";
import { HOST_KEY, uuid } from "../support/topology";

/** Made for this test; none of them opens anything. */
const SHAPED = [
    "AQDPlantedPlantedPlantedPlantedPlantedPla==",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nplanted\n-----END OPENSSH PRIVATE KEY-----",
    "eyJmc2lkIjoicGxhbnRlZCIsImtleSI6InBsYW50ZWQifQ==",
    "gAAAAABplantedplantedplantedplanted",
    ["ghp", "plantedplantedplantedplantedplanted1234"].join("_"),
    "rabbit://cinder:planted-1@mq.example.org/",
    "mysql_password = planted-2",
    "client_secret: 'planted-3'",
    "--os-password planted-4",
];

describe("what a review masks", () => {
    it("is every shape of a secret, wherever it stands", () => {
        for (const secret of SHAPED) {
            const masked = maskText(`before ${secret} after`);
            assert.match(masked, /\[secret\]/, secret);
            assert.doesNotMatch(masked, /planted/i, secret);
            assert.match(masked, /^before .* after$/s, masked);
        }
    });

    it("is no name, path, UUID or public key", () => {
        for (const text of [
            `rbd_secret_uuid = ${uuid(1)}`,
            `backend_id:lyon,conf:/etc/ceph/lyon.conf,user:cinder,secret_uuid:${uuid(2)}`,
            HOST_KEY,
            "/etc/ceph/lyon.client.cinder.keyring",
            "volume_driver = cinder.volume.drivers.rbd.RBDDriver",
        ])
            assert.equal(maskText(text), text);
    });

    it("is what Pulumi calls a secret, and what stands under a name for one", () => {
        const given = {
            stdin: "planted",
            environment: { A: "planted" },
            connection: { privateKey: "planted" },
            marked: {
                "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                ciphertext: "planted",
            },
            nested: [
                {
                    adminPassword: "planted",
                    apiToken: "planted",
                    access_key: "planted",
                    clientSecret: "planted",
                },
            ],
            unknown: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
            hostKey: HOST_KEY,
            addPreviousOutputInEnv: false,
        };
        const masked = maskValue(given) as Record<string, unknown>;
        assert.doesNotMatch(JSON.stringify(masked), /planted/);
        assert.equal(masked.marked, HIDDEN);
        assert.equal(masked.unknown, UNKNOWN);
        assert.equal(masked.hostKey, HOST_KEY);
        assert.equal(masked.addPreviousOutputInEnv, false);
    });

    it("is what the environment calls a secret, and the content of the passphrase file", () => {
        const folder = mkdtempSync(join(tmpdir(), "cinder-dr-review-"));
        const file = join(folder, "passphrase");
        writeFileSync(file, "planted file\n");
        const secrets = secretsOf({
            OS_PASSWORD: "planted os",
            GITHUB_TOKEN: "planted token",
            AWS_SECRET_ACCESS_KEY: "planted aws",
            PULUMI_CONFIG_PASSPHRASE_FILE: file,
            SHORT_TOKEN: "a",
            HOME: "/root",
        });
        rmSync(folder, { recursive: true });
        assert.deepEqual([...secrets].sort(), [
            "planted aws",
            "planted file",
            "planted os",
            "planted token",
        ]);
        assert.equal(maskText("x planted os y", secrets), `x ${HIDDEN} y`);
    });
});
