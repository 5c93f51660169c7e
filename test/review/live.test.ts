import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Cinder } from "../../operations/cinder";
import type { Volume } from "../../core/volume";
import { parseTopology } from "../../core/topology";
import { judge } from "../../review/judge";
import { lookLive } from "../../review/live";
import { renderComment } from "../../review/markdown/comment";
import { SshServer } from "../support/sshServer";
import { withValue } from "../support/topology";
import { declared, goodPreview, stepsBetween, twoBackends } from "./support";

const STATUS = {
    images: [
        {
            name: "a",
            state: "up+replaying",
            description: 'replaying, {"entries_behind_primary":7}',
        },
        {
            name: "b",
            state: "up+replaying",
            description: 'replaying, {"entries_behind_primary":0}',
        },
        { name: "c", state: "up+error", description: "failed" },
    ],
};

const volume = (section: string, servers: string[]): Volume => ({
    id: "v",
    name: "v",
    status: "in-use",
    replication_status: "enabled",
    created_at: "",
    size: 10,
    volume_type: "replicated",
    attachments: servers.map((server_id) => ({ server_id })),
    "os-vol-host-attr:host": `cinder@${section}#${section}`,
});

const cinder = {
    allVolumes: () =>
        Promise.resolve([volume("ceph", ["s1"]), volume("ceph", ["s1", "s2"]), volume("fast", [])]),
} as unknown as Cinder;

describe("what the cloud says of a change", () => {
    const old = declared(twoBackends());
    const now = declared(withValue("backends/ceph/user", "other", twoBackends()));
    const given = {
        stack: "p/s",
        preview: goodPreview(stepsBetween(old, now)),
        packs: 1,
        accept: [],
    };
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-live-"));
    const servers: Record<string, SshServer> = {};
    const answers: Record<string, number> = {};
    before(async () => {
        for (const role of ["primary", "secondary"]) {
            const stdout = JSON.stringify(STATUS);
            const server = await SshServer.start(() => ({ code: answers[role] ?? 0, stdout }));
            writeFileSync(join(folder, role), server.clientKey, { mode: 0o600 });
            servers[role] = server;
        }
    });
    after(async () => {
        for (const server of Object.values(servers)) await server.stop();
        rmSync(folder, { recursive: true });
    });

    const look = (codes: Record<string, number>) => {
        Object.assign(answers, { primary: 0, secondary: 0 }, codes);
        const topology = Object.entries(servers).reduce<unknown>(
            (given, [role, server]) =>
                withValue(`sites/${role}/adminHost`, server.connection(join(folder, role)), given),
            twoBackends(),
        );
        const doing = () => undefined;
        return lookLive(judge(given), { cinder, topology: parseTopology(topology), doing });
    };

    it("counts volumes, servers and lag of what is touched", async () => {
        const live = await look({});
        assert.deepEqual(live.problems, []);
        assert.deepEqual(live.backends.ceph, {
            volumes: 2,
            unreplicated: 0,
            gigabytes: 20,
            servers: 2,
            lag: { images: 3, replaying: 2, entriesBehind: 7 },
        });
        const text = renderComment(judge({ ...given, live }));
        assert.match(text, /backend `ceph`: 2 volumes of 2 servers/);
        assert.match(text, /2 of 3 images replaying, at most 7 entries behind/);
        assert.match(text, /Drift was not looked at: it needs a base/);
    });

    for (const role of ["primary", "secondary"])
        it(`fails closed when the ${role} cannot be seen`, async () => {
            const live = await look({ [role]: 1 });
            assert.match(live.problems[0] ?? "", /^lag of \w+: .*exit code 1/);
            const review = judge({ ...given, live });
            assert.equal(review.verdict, "failed");
            assert.match(renderComment(review), /not seen: lag of/);
        });
});
