import assert from "node:assert/strict";

import { libvirtSecrets } from "../../core/libvirtSecrets";
import { parseTopology } from "../../core/topology";
import { goodTopology, uuid, withValue } from "../support/topology";

describe("the libvirt secrets", () => {
    it("are one for each site's key, however many backends use it", () => {
        const other = { ...goodTopology().backends.ceph, pool: "fast" };
        const topology = parseTopology(withValue("backends/fast", other));
        assert.deepEqual(libvirtSecrets(topology), [
            { uuid: uuid(1), site: "paris", user: "cinder" },
            { uuid: uuid(2), site: "lyon", user: "cinder" },
        ]);
    });
});
