import { strict as assert } from "node:assert";
import { mock } from "node:test";

import { consentsOf } from "../../core/consents";
import type { Finding } from "../../core/finding";
import type { VolumeFacts } from "../../core/replica";
import type { Survey } from "../../core/survey";
import * as moveBackend from "../../operations/moveBackend";
import { PartialError } from "../../operations/operationEnd";
import { resyncOnly } from "../../operations/resyncOnly";
import * as resync from "../../operations/resync";
import * as resyncWait from "../../operations/resyncWait";
import { SiteLock } from "../../operations/siteLock";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";
import { reader, row, survey, view, volume, writer } from "../support/survey";

describe("a resync alone, and volumes that cannot follow", () => {
    ownJournals();
    const there = row({ active_backend_id: "secondary", replication_status: "failed-over" });
    let seen: Survey;
    beforeEach(() => {
        const free = { release: () => Promise.resolve(), check: () => Promise.resolve() };
        mock.method(SiteLock, "take", () => Promise.resolve(free));
        seen = survey({ rows: [there], primary: reader(), secondary: writer() });
        mock.method(moveBackend, "lookAtBoth", () => Promise.resolve(seen));
    });
    afterEach(() => {
        mock.restoreAll();
    });

    /** @returns what is left to do */
    async function left(lost: VolumeFacts): Promise<string[]> {
        const following = { count: 1, lost: [{ volume: lost }] };
        mock.method(resyncWait, "waitFollowing", () => Promise.resolve(following));
        const found: Finding[] = [];
        await resyncOnly({ ...runOptions(found), resyncSeconds: 1 }, {});
        return found.filter(({ subject }) => subject === "left to do").map(({ fact }) => fact);
    }

    it("names those of a type that is not replicated, of which nobody asked for a copy", async () => {
        const plain = volume({ id: "v2", name: "plain", replicationStatus: null });
        delete plain.typeSpec;
        const [line = ""] = await left(plain);
        assert.match(line, /^1 volume\(s\) of types that are not replicated .*: v2 \(plain\); /);
    });

    it("asks for nothing that a failback would leave behind: nothing moves", async () => {
        seen = survey({
            volume: { replicationStatus: "disabled" },
            rows: [there],
            primary: undefined,
            secondary: undefined,
            views: { secondary: view({}, { all: ["volume-v1"] }) },
        });
        assert.equal(consentsOf(seen, "failback")[0]?.name, "left-behind");
        mock.method(resync, "discardStep", () => Promise.resolve([]));
        mock.method(resyncWait, "waitFollowing", () => Promise.resolve({ count: 0, lost: [] }));
        await resyncOnly({ ...runOptions([]), resyncSeconds: 1 }, {});
    });

    it("is done in part where one was to be replicated", async () => {
        await assert.rejects(left(volume({ id: "v2" })), PartialError);
    });
});
