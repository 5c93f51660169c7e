import assert from "node:assert/strict";
import { mock } from "node:test";

import type { Cloud } from "../../operations/cloud";
import { Nova } from "../../operations/nova";
import { OpenStackApi, OpenStackError } from "../../operations/openstack";

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

    it("shows a name and a fault that forge no line", async () => {
        const fault = { message: "no `x`\r\n" };
        answer({ server: { ...body, name: "a\u001b[2K\n`b`", fault } });
        const { name, faultMessage } = (await nova.server("s")) ?? {};
        assert.equal(name, "a\\u001b[2K\\u000a\\u0060b\\u0060");
        assert.equal(faultMessage, "no \\u0060x\\u0060\\u000d\\u000a");
    });

    it("asks for the state of a host's nova-compute where MAINTENANCE hides it", async () => {
        const host = { host_status: "MAINTENANCE", "OS-EXT-SRV-ATTR:host": "b c" };
        const answers = [{ server: { ...body, ...host } }, { services: [{ state: "down" }] }];
        const call = mock.method(OpenStackApi.prototype, "call", () =>
            Promise.resolve(answers.shift()),
        );
        assert.equal((await nova.server("s"))?.hostState, "down");
        const [, path] = call.mock.calls[1]?.arguments as unknown as string[];
        assert.equal(path, "/os-services?binary=nova-compute&host=b%20c");
    });
    it("lists the compute hosts", async () => {
        const up = { host: "a", state: "up", status: "enabled" };
        answer({ services: [up, { host: "b", state: "down", status: "disabled" }] });
        assert.deepEqual(await nova.computes(), [
            { host: "a", isUp: true, isEnabled: true },
            { host: "b", isUp: false, isEnabled: false },
        ]);
    });
    it("lists no compute host to a role that may not see them", async () => {
        const refused = (status: number) =>
            mock.method(OpenStackApi.prototype, "call", () =>
                Promise.reject(new OpenStackError("no", status)),
            );
        const first = refused(403);
        assert.deepEqual(await nova.computes(), []);
        first.mock.restore();
        refused(500);
        await assert.rejects(nova.computes(), /no/);
    });
    it("leaves the choice of the host to Nova", async () => {
        const call = answer(undefined);
        await nova.evacuate("s");
        const order = ["POST", "/servers/s/action", { evacuate: {} }];
        assert.deepEqual(call.mock.calls[0]?.arguments, order);
    });

    it("knows a deleted server by the list of all projects, which only an admin gets", async () => {
        const call = answer({ servers: [] });
        assert.equal(await nova.isGone("s"), true);
        assert.deepEqual(call.mock.calls[0]?.arguments, ["GET", "/servers?all_tenants=1&uuid=s"]);
        // Restored in the order they were made, the second would put the first back.
        call.mock.restore();
        answer({ servers: [body] });
        assert.equal(await nova.isGone("s"), false);
    });
});
