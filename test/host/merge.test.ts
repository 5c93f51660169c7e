import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { CEPH, DEVICE, mergeAll, mergeOne, type BackendRequest } from "./fakeHost";

const MARK = /^# cinder-dr: .*(\r\n|\r|\n)/gm;
const plain = (text: string): string => text.replaceAll(MARK, "");
const pool = (value: string): BackendRequest[] => [
    { section: "ceph", options: { rbd_pool: value } },
];
const device = (value: string): BackendRequest[] => [
    { section: "ceph", options: { replication_device: value } },
];
const HEAD = "[DEFAULT]\nenabled_backends = ceph\n";

describe("merge of cinder.conf, key by key", () => {
    const shapes: [name: string, before: string, backends: BackendRequest[], after: string][] = [
        [
            "an equal value stays as typed",
            `${HEAD}[ceph]\nrbd_pool   :  a\n`,
            pool("a"),
            `${HEAD}[ceph]\nrbd_pool   :  a\n`,
        ],
        [
            "another value is replaced in its place and spacing",
            `${HEAD}[ceph]\nx=1\nrbd_pool\t=  a\ny=2\n`,
            pool("b"),
            `${HEAD}[ceph]\nx=1\nrbd_pool\t=  b\ny=2\n`,
        ],
        [
            "an absent key goes behind the section's last one",
            `${HEAD}[ceph]\nx = 1\n\n# next\n[z]\n`,
            pool("b"),
            `${HEAD}[ceph]\nx = 1\nrbd_pool = b\n\n# next\n[z]\n`,
        ],
        [
            "an absent section goes to the end",
            `${HEAD}[z]\nx = 1\n`,
            pool("b"),
            `${HEAD}[z]\nx = 1\n\n[ceph]\nrbd_pool = b\n`,
        ],
        [
            "CRLF",
            "[DEFAULT]\r\nenabled_backends = ceph\r\n[ceph]\r\nx = 1\r\n",
            pool("b"),
            "[DEFAULT]\r\nenabled_backends = ceph\r\n[ceph]\r\nx = 1\r\nrbd_pool = b\r\n",
        ],
        [
            "no final newline",
            `${HEAD}[ceph]\nx = 1`,
            pool("b"),
            `${HEAD}[ceph]\nx = 1\nrbd_pool = b`,
        ],
        [
            "a key commented out is a comment",
            `${HEAD}[ceph]\n#rbd_pool = a\n`,
            pool("b"),
            `${HEAD}[ceph]\nrbd_pool = b\n#rbd_pool = a\n`,
        ],
        [
            "continuation lines go with their key",
            `${HEAD}[ceph]\nrbd_pool = a,\n   more\ny = 1\n`,
            pool("b"),
            `${HEAD}[ceph]\nrbd_pool = b\ny = 1\n`,
        ],
        [
            "repeated sections: the last value is the one that counts",
            `${HEAD}[ceph]\nrbd_pool = a\n[z]\n[ceph]\nrbd_pool = c\n`,
            pool("b"),
            `${HEAD}[ceph]\nrbd_pool = a\n[z]\n[ceph]\nrbd_pool = b\n`,
        ],
        [
            "a key goes to the last of repeated sections",
            `${HEAD}[ceph]\nx = 1\n[z]\n[ceph]\ny = 1\n`,
            pool("b"),
            `${HEAD}[ceph]\nx = 1\n[z]\n[ceph]\ny = 1\nrbd_pool = b\n`,
        ],
        [
            "section names fold their case",
            `${HEAD}[CEPH]\nrbd_pool = a\n`,
            pool("b"),
            `${HEAD}[CEPH]\nrbd_pool = b\n`,
        ],
        [
            "[backend_defaults] is not ours",
            `${HEAD}[backend_defaults]\nreplication_device = backend_id:x\n[ceph]\ny = 1\n`,
            device(DEVICE),
            `${HEAD}[backend_defaults]\nreplication_device = backend_id:x\n[ceph]\ny = 1\nreplication_device = ${DEVICE}\n`,
        ],
        [
            "every replication_device of the section adds up, so one stays",
            `${HEAD}[ceph]\nreplication_device = backend_id:x\nz = 1\nreplication_device = backend_id:y\n`,
            device(DEVICE),
            `${HEAD}[ceph]\nreplication_device = ${DEVICE}\nz = 1\n`,
        ],
        [
            "the same device in other words stays",
            `${HEAD}[ceph]\nreplication_device = backend_id: s ,\n    conf: /c\n`,
            device("backend_id:s,conf:/c"),
            `${HEAD}[ceph]\nreplication_device = backend_id: s ,\n    conf: /c\n`,
        ],
        [
            "the same device on the next line stays",
            `${HEAD}[ceph]\nreplication_device =\n  conf:/c,backend_id:s\n`,
            device("backend_id:s,conf:/c"),
            `${HEAD}[ceph]\nreplication_device =\n  conf:/c,backend_id:s\n`,
        ],
        [
            "true is True",
            `${HEAD}[ceph]\nreport_discard_supported = True\n`,
            [{ section: "ceph", options: { report_discard_supported: "true" } }],
            `${HEAD}[ceph]\nreport_discard_supported = True\n`,
        ],
        [
            "a pool called on is not a pool called 1",
            `${HEAD}[ceph]\nrbd_pool = 1\n`,
            pool("on"),
            `${HEAD}[ceph]\nrbd_pool = on\n`,
        ],
        [
            "enabled_backends grows in its own spacing",
            "[DEFAULT]\nenabled_backends = lvm , nfs\n[ceph]\nrbd_pool = b\n",
            pool("b"),
            "[DEFAULT]\nenabled_backends = lvm , nfs, ceph\n[ceph]\nrbd_pool = b\n",
        ],
        [
            "enabled_backends without spaces",
            "[DEFAULT]\nenabled_backends=lvm,nfs\n[ceph]\nrbd_pool = b\n",
            pool("b"),
            "[DEFAULT]\nenabled_backends=lvm,nfs,ceph\n[ceph]\nrbd_pool = b\n",
        ],
        [
            "enabled_backends over several lines",
            "[DEFAULT]\nenabled_backends = lvm,\n   nfs\nx = 1\n[ceph]\nrbd_pool = b\n",
            pool("b"),
            "[DEFAULT]\nenabled_backends = lvm,\n   nfs,ceph\nx = 1\n[ceph]\nrbd_pool = b\n",
        ],
        [
            "enabled_backends in quotes",
            '[DEFAULT]\nenabled_backends = "lvm,nfs"\n[ceph]\nrbd_pool = b\n',
            pool("b"),
            '[DEFAULT]\nenabled_backends = "lvm,nfs,ceph"\n[ceph]\nrbd_pool = b\n',
        ],
        [
            "enabled_backends with a comma at its end",
            "[DEFAULT]\nenabled_backends = lvm,\n[ceph]\nrbd_pool = b\n",
            pool("b"),
            "[DEFAULT]\nenabled_backends = lvm,ceph\n[ceph]\nrbd_pool = b\n",
        ],
        [
            "enabled_backends empty",
            "[DEFAULT]\nenabled_backends =\n[ceph]\nrbd_pool = b\n",
            pool("b"),
            "[DEFAULT]\nenabled_backends = ceph\n[ceph]\nrbd_pool = b\n",
        ],
        [
            "enabled_backends absent",
            "[DEFAULT]\nx = 1\n[ceph]\nrbd_pool = b\n",
            pool("b"),
            "[DEFAULT]\nx = 1\nenabled_backends = ceph\n[ceph]\nrbd_pool = b\n",
        ],
        [
            "no [DEFAULT] at all",
            "[ceph]\nrbd_pool = b\n",
            pool("b"),
            "[ceph]\nrbd_pool = b\n\n[DEFAULT]\nenabled_backends = ceph\n",
        ],
        [
            "an empty file",
            "",
            pool("b"),
            "[ceph]\nrbd_pool = b\n\n[DEFAULT]\nenabled_backends = ceph\n",
        ],
        [
            "a value behind nothing but a blank line",
            `${HEAD}[ceph]\nrbd_pool =\n\nx = 1\n`,
            pool("b"),
            `${HEAD}[ceph]\nrbd_pool = b\n\nx = 1\n`,
        ],
    ];
    const merged = mergeAll(shapes.map(([, text, backends]) => ({ text, backends })));
    shapes.forEach(([name, before, , after], index) => {
        it(name, () => {
            const seen = merged[index];
            assert.equal(plain(seen?.after ?? ""), after);
            assert.equal(seen?.again, seen?.after, "a second merge must change nothing");
            if (!/y$/.test(before) && !before.includes("backend_id:y"))
                assert.equal(seen?.back, before);
        });
    });

    it("tells a human what is ours, only where something changed", () => {
        const seen = mergeOne(`${HEAD}[ceph]\nrbd_pool = a\n[nfs]\n`, pool("b"));
        assert.equal(
            seen.after,
            `${HEAD}[ceph]\n# cinder-dr: manages rbd_pool of [ceph]; the earlier text is kept in STATE\nrbd_pool = b\n[nfs]\n`,
        );
        assert.equal(
            mergeOne(`${HEAD}[ceph]\nrbd_pool = b\n`, pool("b")).after.includes("cinder-dr"),
            false,
        );
    });

    it("names the changed keys", () => {
        assert.deepEqual(mergeOne("[ceph]\nrbd_pool = volumes\n").changed, {
            ceph: ["volume_driver", "volume_backend_name", "replication_device"],
            DEFAULT: ["enabled_backends"],
        });
        assert.equal(CEPH.options["rbd_pool"], "volumes");
    });

    const broken: [text: string, message: string][] = [
        ["x = 1\n", "f:1: Section must be started before assignment"],
        ["[a]\nsecret-line\n", "f:2: No ':' or '=' found in assignment"],
        ["[a\n", "f:1: Invalid section (must end with ])"],
        ["[]\n", "f:1: Empty section name"],
        ["[a]\n = x\n", "f:2: Unexpected continuation line"],
        ["[a]\n= x\n", "f:2: Key cannot be empty"],
        ["[a]\nk = 1\n# c\n  more\n", "f:4: Unexpected continuation line"],
    ];
    it("refuses what oslo.config refuses, without saying the line", () => {
        const seen = mergeAll(broken.map(([text]) => ({ text, backends: [] })));
        assert.deepEqual(
            seen.map((merged) => merged.error),
            broken.map(([, message]) => message),
        );
    });
});
