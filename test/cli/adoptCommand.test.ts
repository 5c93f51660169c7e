import assert from "node:assert/strict";

import { formatBackend } from "../../cli/adoptCommand";
import { connectTimeoutsAreShort } from "../../policies/rules/connectTimeoutsAreShort";
import { backend, host, stanza } from "../policies/fixtures";
import { refusals } from "../policies/support";
import { uuid } from "../support/topology";

const adopted = (radosConnectTimeoutSeconds?: number): string =>
    formatBackend({
        section: "ceph",
        hosts: ["cinder-a", "cinder-b"],
        adopt: {
            pool: "volumes",
            user: "cinder",
            secretUuid: uuid(1),
            radosConnectTimeoutSeconds,
            replicationDevice: { backendId: "secondary", secretUuid: uuid(2) },
        },
        left: [],
    });

describe("what adopt says of a backend that nobody gave a connect timeout", () => {
    const first =
        "adopt   [ceph] on cinder-a, cinder-b: pool volumes, user cinder, replicated to secondary";

    it("is when to set one, and which exemptions the policy needs until then", () => {
        assert.equal(adopted(), first);
        assert.equal(
            adopted(-1),
            [
                first,
                "        rados_connect_timeout is -1: a dead site would block the service for 300 s; set radosConnectTimeoutSeconds when a restart suits you",
                "        until then the policy connect-timeouts-are-short needs exemptions with a last day, for the resources ceph, cinder-a, cinder-b",
            ].join("\n"),
        );
    });

    it("names all that the policy would refuse, and with them it refuses nothing", async () => {
        const endless = stanza({ rados_connect_timeout: "-1" });
        const resources = [
            backend({ stanza: endless }),
            host({ stanzas: { ceph: endless } }, "cinder-a"),
            host({ stanzas: { ceph: endless } }, "cinder-b"),
        ];
        const judged = (exemptions: unknown[]) =>
            refusals([connectTimeoutsAreShort], resources, { exemptions });
        assert.equal((await judged([])).length, 3);
        const { name: rule } = connectTimeoutsAreShort;
        const named = adopted(-1).split("for the resources ")[1]?.split(", ") ?? [];
        const exemptions = named.map((resource) => ({
            ...{ rule, resource, reason: "taken over as it is", expires: "2026-12-31" },
        }));
        assert.deepEqual(await judged(exemptions), []);
    });
});
