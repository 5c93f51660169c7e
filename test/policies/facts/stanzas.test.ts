import { strict as assert } from "node:assert";

import { confsOf, foreignNamesOf, stanzasOf } from "../../../policies/facts/stanzas";
import { see } from "../../../policies/seen";
import { command, confCommand, DEVICE, host, stanza } from "../fixtures";
import { argsOf, UNKNOWN_TEXT } from "../support";

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

    it("reads numbers, flags and lists of a map, and says where something is not known", async () => {
        const rbd1 = {
            volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
            rados_connect_timeout: 5,
            rbd_flatten_volume_from_snapshot: false,
            rbd_user: null,
            nested: { a: "b" },
            replication_device: [DEVICE, DEVICE],
        };
        const read = async (backend: object) => {
            const [only] = stanzasOf(
                await see(
                    argsOf({ type: "x:y:Z", name: "x", props: { backends: { rbd1: backend } } }),
                ),
            );
            assert.ok(only);
            return only;
        };
        const one = await read(rbd1);
        assert.equal(one.value("rados_connect_timeout"), "5");
        assert.equal(one.value("rbd_flatten_volume_from_snapshot"), "false");
        assert.equal(one.value("rbd_user"), undefined);
        assert.equal(one.value("nested"), undefined);
        assert.deepEqual([one.devices.length, one.whole], [2, true]);
        const hidden = await read({ ...rbd1, rados_connect_timeout: UNKNOWN_TEXT });
        assert.deepEqual([hidden.value("rados_connect_timeout"), hidden.whole], [undefined, false]);
    });

    it("reads what stands as JSON or base64 among the inputs", async () => {
        const values = { backends: { rbd1: { replication_device: DEVICE } } };
        const base64 = Buffer.from(stanza()).toString("base64");
        for (const [text, section] of [
            [JSON.stringify(values), "rbd1"],
            [JSON.stringify({ files: { "cinder.conf": stanza() } }), "ceph"],
            [`echo ${base64} | base64 -d > /etc/cinder/cinder.conf`, "ceph"],
            [JSON.stringify({ data: { "cinder.conf": base64 } }), "ceph"],
        ] as const) {
            const seen = await see(argsOf(command("helm upgrade x", { stdin: text })));
            assert.deepEqual(
                stanzasOf(seen).map((s) => [s.section, s.devices.length]),
                [[section, 1]],
                text,
            );
        }
    });

    it("knows the backends of other drivers by name", async () => {
        const text = `${stanza()}[lvm]\nvolume_driver = x.LVMVolumeDriver\nvolume_backend_name = 'lvm'\n[x]\nvolume_backend_name = y\n[z]\nvolume_driver = x.LVM\n`;
        assert.deepEqual(foreignNamesOf(await see(argsOf(confCommand(text)))), ["lvm"]);
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
