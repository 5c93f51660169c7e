import { strict as assert } from "node:assert";

import {
    backendOf,
    bareKey,
    meansYes,
    saysNo,
    volumeTypesOf,
    wantsReplication,
} from "../../../policies/facts/volumeTypes";
import { see } from "../../../policies/seen";
import { command, plainType } from "../fixtures";
import { argsOf } from "../support";

const declared = async (create: string) =>
    volumeTypesOf(await see(argsOf(command(create)))).map(({ name, specs, isEncrypted, whole }) => [
        name,
        { ...specs },
        isEncrypted,
        whole,
    ]);

describe("volumeTypesOf a command", () => {
    for (const [create, expected] of [
        ["openstack volume type create gold", [["gold", {}, false, true]]],
        ["openstack --os-cloud x volume type create --public gold", [["gold", {}, false, true]]],
        [
            "openstack volume type create --private --description 'a b' gold",
            [["gold", {}, false, true]],
        ],
        [
            "openstack volume type create --property a=b --property c=d=e gold",
            [["gold", { a: "b", c: "d=e" }, false, true]],
        ],
        ["openstack volume type set --property a=b gold", [["gold", { a: "b" }, false, false]]],
        [
            "openstack volume type create gold --encryption-provider luks",
            [["gold", {}, true, true]],
        ],
        ["openstack volume type list", []],
        ["openstack volume create set gold", []],
        ["openstack volume type create", []],
        ["cinder type-key gold set a=b c=d", [["gold", { a: "b", c: "d" }, false, false]]],
        ["cinder type-key gold unset a", []],
        ["cinder type-create gold", []],
        ["cinder x set gold a=b", []],
        ["cinder encryption-type-create --cipher aes gold luks", [["gold", {}, true, false]]],
        ["cinder encryption-type-create", []],
        [
            "openstack volume type create a; cinder type-key a set x=y; cinder type-key b set x=y",
            [
                ["a", { x: "y" }, false, true],
                ["b", { x: "y" }, false, false],
            ],
        ],
        [
            "cinder encryption-type-create a luks; cinder type-key a set x=y",
            [["a", { x: "y" }, true, false]],
        ],
        [
            "cinder type-key a set x=y; cinder encryption-type-create a luks",
            [["a", { x: "y" }, true, false]],
        ],
    ] as const)
        it(`reads ${create}`, async () => {
            assert.deepEqual(await declared(create), expected);
        });
});

describe("the backend that a type asks for", () => {
    const asks = async (specs: Record<string, unknown>) =>
        volumeTypesOf(await see(argsOf(plainType("x", specs)))).map(backendOf)[0];

    it("is a plain name, a scoped one, or one that is compared as a text", async () => {
        assert.equal(await asks({ volume_backend_name: "a" }), "a");
        assert.equal(await asks({ "capabilities:volume_backend_name": "a" }), "a");
        assert.equal(await asks({ volume_backend_name: " s==  a b" }), "a b");
        assert.equal(await asks({ volume_backend_name: "s==a" }), "s==a");
        assert.equal(await asks({ volume_backend_name: "as== a" }), "as== a");
        assert.equal(await asks({ volume_backend_name: 5 }), undefined);
        assert.equal(await asks({}), undefined);
    });
});

describe("what a spec means", () => {
    for (const value of [
        "<is> True",
        "< is > true",
        "<is>true",
        " <IS>  1 ",
        "yes",
        "T",
        "on",
        true,
    ])
        it(`'${String(value)}' means yes`, () => {
            assert.ok(meansYes(value));
        });

    for (const value of ["<is> True!", "x<is> True", "<in> True", "", "False", false, undefined, 5])
        it(`'${String(value)}' does not mean yes`, () => {
            assert.ok(!meansYes(value));
        });

    it("says no in the scheduler's spelling only", () => {
        for (const value of ["<is> False", "<is>  false"]) assert.ok(saysNo(value));
        for (const value of ["<is> Falsey", "x<is> False", "False", false, undefined])
            assert.ok(!saysNo(value));
    });

    it("wants replication unless it clearly does not", async () => {
        const wants = async (value: unknown, key = "replication_enabled") => {
            const [type] = volumeTypesOf(await see(argsOf(plainType("x", { [key]: value }))));
            return type !== undefined && wantsReplication(type);
        };
        for (const value of ["<is> True", "True", "sure", true])
            assert.ok(await wants(value), String(value));
        for (const value of ["<is> False", "< is > no", "no", "", " 0 ", "Off", false, 5, null])
            assert.ok(!(await wants(value)), String(value));
        assert.ok(await wants("<is> True", "capabilities:replication_enabled"));
        for (const key of [
            "x:replication_enabled",
            "Replication-Enabled",
            "replication_enable",
            "isReplicationEnabled",
            "replicated_enabled",
            "enable_replication",
        ])
            assert.ok(await wants("<is> True", key), key);
        for (const key of [
            "group_replication_enabled",
            "replication_type",
            "replication",
            "myreplication_enabled_by",
        ])
            assert.ok(!(await wants("<is> True", key)), key);
        assert.equal(bareKey("capabilities:a:b"), "a:b");
        assert.equal(bareKey("x:capabilities:a"), "x:capabilities:a");
    });
});
