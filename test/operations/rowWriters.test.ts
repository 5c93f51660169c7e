import { strict as assert } from "node:assert";

import type { HostFacts } from "../../core/survey";
import { RefusedError } from "../../operations/operationEnd";
import { refuseUnwritable, tryWriters, withWriters } from "../../operations/rowWriters";
import type { RunOptions } from "../../operations/run";
import { backend, survey } from "../support/survey";

describe("the hosts that rows are written through", () => {
    const seen = (name: string): HostFacts => ({ name, reach: {}, service: `${name}@ceph` });
    const lost = (name: string): HostFacts => ({ name, reach: {}, unseen: "no answer" });
    /** @param troubles of each host, by its name */
    async function tried(hosts: HostFacts[], troubles: Record<string, string>) {
        const connected = hosts.map(({ name }) => ({
            host: { name },
            connect: () => Promise.resolve(troubles[name]),
        }));
        const parts = { hostsOf: () => connected };
        const unwritable = await tryWriters({ parts, backend } as unknown as RunOptions);
        return withWriters(survey({ hosts }), unwritable);
    }

    it("are all connected before anything is done, and refused where none can write", async () => {
        const hosts = [seen("a"), seen("b"), lost("c")];
        const one = await tried(hosts, { a: "no database", c: "no answer" });
        assert.deepEqual(
            one.hosts.map(({ unwritable }) => unwritable),
            ["no database", undefined, "no answer"],
        );
        refuseUnwritable(one);
        const none = await tried(hosts, { a: "no database", b: "no broker", c: "no answer" });
        assert.throws(
            () => {
                refuseUnwritable(none);
            },
            (error) =>
                error instanceof RefusedError &&
                error.message.startsWith("refused, nothing was changed: rows can be written") &&
                error.blockers.map(({ subject, fact }) => `${subject}: ${fact}`).join() ===
                    "a: no database,b: no broker",
        );
    });

    it("are nobody's business where no host answers", async () => {
        refuseUnwritable(await tried([lost("c")], { c: "no answer" }));
    });
});
