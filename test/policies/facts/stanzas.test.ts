import { strict as assert } from "node:assert";

import { confsOf, stanzasOf } from "../../../policies/facts/stanzas";
import { see } from "../../../policies/seen";
import { confCommand, DEVICE, host, stanza } from "../fixtures";
import { argsOf } from "../support";

const sections = async (text: string) =>
    stanzasOf(await see(argsOf(confCommand(text)))).map(({ section }) => section);

describe("stanzasOf", () => {
    for (const [what, text, expected] of [
        ["a driver", "[a]\nvolume_driver = cinder.volume.drivers.rbd.RBDDriver\n", ["a"]],
        ["an older driver of the same name", "[a]\nvolume_driver = x.RBDDriver\n", ["a"]],
        [
            "another driver, whatever its options",
            "[a]\nvolume_driver = cinder.volume.drivers.lvm.LVMVolumeDriver\nrbd_pool = x\n",
            [],
        ],
        ["options of the driver alone", "[a]\nx = y\nrbd_pool = volumes\n", ["a"]],
        ["an option that only ends like it", "[a]\nmy_rbd_ = cinder\n", []],
        ["Nova's options", "[libvirt]\nrbd_user = cinder\nrbd_secret_uuid = x\n", []],
        ["no option of it", "[a]\nx = cinder\n", []],
        [
            "a device with the driver's keys",
            "[a]\nreplication_device = backend_id:b , conf : /x\n",
            ["a"],
        ],
        ["a device that begins with one", "[a]\nreplication_device = user:b\n", ["a"]],
        [
            "a second device with the driver's keys",
            "[a]\nreplication_device = backend_id:a\nreplication_device = backend_id:b,pool:c\n",
            ["a"],
        ],
        [
            "a device of another driver",
            "[a]\nreplication_device = backend_id:a,san_ip:1,myuser:x\n",
            [],
        ],
        ["the sections of all", "[DEFAULT]\nrbd_pool = a\n[backend_defaults]\nrbd_pool = a\n", []],
    ] as const)
        it(`knows ${what}`, async () => {
            assert.deepEqual(await sections(text), expected);
        });

    it("adds up sections of one name, and falls back to [backend_defaults]", async () => {
        const text = `[backend_defaults]\nrbd_user = shared\nrbd_pool = shared\n${stanza({ rbd_user: undefined })}[ceph]\nrbd_pool = other\nnew = x\n`;
        const [one, ...rest] = stanzasOf(await see(argsOf(confCommand(text))));
        assert.ok(one);
        assert.deepEqual(rest, []);
        assert.deepEqual(one.values("rbd_pool"), ["volumes", "other"]);
        assert.equal(one.value("rbd_pool"), "other");
        assert.equal(one.value("rbd_user"), "shared");
        assert.equal(one.value("none"), undefined);
        assert.deepEqual(one.values("none"), []);
        assert.deepEqual(one.values("new"), ["x"]);
    });

    it("reads sections that are maps, as a chart takes them", async () => {
        const ceph = {
            volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
            replication_device: DEVICE,
            rbd_pool: "a",
            count: 5,
        };
        const values = { conf: { cinder: { backends: { ceph, lvm: { volume_driver: "LVM" } } } } };
        const seen = await see(
            argsOf({ type: "kubernetes:helm.sh/v3:Release", name: "cinder", props: { values } }),
        );
        const [one, ...rest] = stanzasOf(seen);
        assert.deepEqual(
            [one?.section, one?.value("rbd_pool"), one?.devices.length, rest.length],
            ["ceph", "a", 1, 0],
        );
    });

    it("takes quotes off as oslo.config does", async () => {
        const text = stanza({ rbd_pool: '"a"', rbd_user: "'b'", rbd_ceph_conf: "'c\"" });
        const [one] = stanzasOf(await see(argsOf(confCommand(text))));
        assert.deepEqual(
            ["rbd_pool", "rbd_user", "rbd_ceph_conf"].map((o) => one?.value(o)),
            ["a", "b", "'c\""],
        );
    });

    it("reads each stanza of a host, and none of its push", async () => {
        const two = { ceph: stanza(), other: stanza({}, "other"), odd: 5 };
        const seen = await see(argsOf(host({ stanzas: two })));
        assert.deepEqual(
            stanzasOf(seen).map(({ section }) => section),
            ["ceph", "other"],
        );
        const push = { ...confCommand(stanza()), parentType: "cinder-dr:index:CinderHost" };
        assert.deepEqual(confsOf(await see(argsOf(push))), []);
        assert.equal(DEVICE.split(",").length, 4);
    });
});
