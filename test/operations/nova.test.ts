import assert from "node:assert/strict";
import { mock } from "node:test";

import type { Cloud } from "../../operations/cloud";
import { Nova } from "../../operations/nova";
import { OpenStackApi } from "../../operations/openstack";

describe("Nova's API", () => {
    const nova = new Nova({} as Cloud);
    afterEach(() => {
        mock.restoreAll();
    });
    const answer = (body: unknown) =>
        mock.method(OpenStackApi.prototype, "call", () => Promise.resolve(body));

    const body = { id: "s", name: "web", tenant_id: "p", status: "ACTIVE" };

    it("tells how a server's compute host is, where it tells that", async () => {
        answer({ server: { ...body, host_status: "UNKNOWN" } });
        assert.equal((await nova.server("s"))?.hostStatus, "UNKNOWN");
    });
    for (const more of [{}, { host_status: "" }])
        it(`says nothing of a host by ${JSON.stringify(more)}`, async () => {
            answer({ server: { ...body, ...more } });
            assert.ok(!("hostStatus" in ((await nova.server("s")) ?? {})));
        });

    it("knows a deleted server by the list of all projects, which only an admin gets", async () => {
        const call = answer({ servers: [] });
        assert.equal(await nova.isGone("s"), true);
        assert.deepEqual(call.mock.calls[0]?.arguments, ["GET", "/servers?all_tenants=1&uuid=s"]);
        answer({ servers: [body] });
        assert.equal(await nova.isGone("s"), false);
    });
});
