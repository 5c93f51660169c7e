import { strict as assert } from "node:assert";

import { planWaves } from "../../core/rollout";
import { checkTopology, parseTopology, type TopologyInput } from "../../core/topology";
import { withValue } from "../support/topology";
import { expectCode, type Mutable } from "../lab/support";
import { Engine, sentence } from "./engine";
import { LightHost, lightTopology } from "./lightHost";
import { elsewhere, row, type Seen } from "./matrix";
import { another, saysTimeout, UNTOUCHED } from "./trial";

const CEPH = "backends/ceph";
const DEVICE = `${CEPH}/replicationDevice`;
const HOST = "hosts/load-08";

/** A value at a path of the topology, and what is said about it. */
type Wrong = [path: string, value: unknown, says: RegExp];

describe("bad input", () => {
    const host = new LightHost("load-08");
    const base = (): Mutable => lightTopology([host.name], 5);
    let engine: Engine;
    before(async () => {
        engine = new Engine("faults-input");
        await host.install();
    });
    after(() => {
        host.close();
        engine.close();
    });

    /** Every wrong value alone is refused at its path; the first one is shown to the real engine. */
    const refuses = async (wrong: Wrong[]): Promise<Seen> => {
        for (const [path, value, says] of wrong) {
            const said = checkTopology(withValue(path, value, base()))
                .map((p) => `${p.propertyPath} ${p.reason}`)
                .join("\n");
            assert.match(said, says, `${path} = ${JSON.stringify(value)}`);
        }
        const [path, value, says] = wrong[0] ?? ["", "", /./];
        const before = await host.snapshot();
        const { code, output } = await engine.preview(withValue(path, value, base()));
        assert.notEqual(code, 0);
        assert.match(output, says);
        assert.deepEqual(await host.snapshot(), before);
        const shown = output.split("\n").find((line) => says.test(line)) ?? sentence(output);
        return {
            saw: shown,
            after: `${UNTOUCHED}, not connected to`,
            next: `${String(wrong.length)} of ${String(wrong.length)} values refused at preview`,
        };
    };

    row(61, "a line break, NUL, U+2028, BOM or lone surrogate in a value", () =>
        refuses(
            ["a\nb", "a\rb", "a\0b", "a\u2028b", "\ufeffa", "a\ud800b"].map((value) => [
                `${CEPH}/options/report_discard_supported`,
                value,
                /on one line without control characters/,
            ]),
        ),
    );
    row(62, "a value with leading or trailing space", () =>
        refuses(
            [" a", "a ", "\ta"].map((value) => [
                `${CEPH}/options/report_discard_supported`,
                value,
                /must not start or end with a space|on one line/,
            ]),
        ),
    );
    elsewhere(
        62,
        "a value that begins with `[`, `#`, `;`, `=` or `:`",
        "accepted, and oslo.config reads it back as it was typed: test/core/oslo/stanza.test.ts",
    );
    row(63, "a comma or colon in a replication_device's value", () =>
        refuses([
            [`${DEVICE}/backendId`, "a,b", /backendId must be/],
            [`${DEVICE}/backendId`, "a:b", /backendId must be/],
            [`${DEVICE}/conf`, "/etc/ceph/a,b.conf", /conf must be/],
            [`${DEVICE}/user`, "a,b", /user must be/],
            [`${DEVICE}/secretUuid`, "a,b", /secretUuid must be/],
        ]),
    );
    row(64, "a dollar in a value", () =>
        refuses([
            [`${DEVICE}/conf`, "/etc/ceph/$cluster.conf", /conf must be/],
            [`${CEPH}/pool`, "$pool", /pool must be/],
            [`${CEPH}/user`, "$user", /user must be/],
        ]),
    );
    row(65, "shell characters, spaces, a leading '-', '..' in paths, units and logins", () =>
        refuses([
            [`${HOST}/configFile`, "/etc/$(id)/cinder.conf", /configFile must be/],
            [`${HOST}/configFile`, "/etc/../cinder.conf", /configFile must be/],
            [`${HOST}/configFile`, "-rf", /configFile must be/],
            [`${HOST}/python`, "/usr/bin/python3 -i", /python must be/],
            [`${HOST}/user`, "-oProxyCommand=id", /user must be/],
            [`${HOST}/user`, "a;b", /user must be/],
            [`${HOST}/address`, "-oProxyCommand=id", /address must be/],
            [`${HOST}/service`, { systemd: { unit: "-x" } }, /unit must be/],
            [`${HOST}/service`, { container: { name: "a b" } }, /name must be/],
            [`${HOST}/serviceUser`, "ci nder", /serviceUser must be/],
        ]),
    );
    row(
        66,
        "a backend_id that is 'default', empty, the primary's or another one's in other case",
        () =>
            refuses([
                [`${DEVICE}/backendId`, "default", /backendId must/],
                [`${DEVICE}/backendId`, "", /backendId must/],
                [
                    `${DEVICE}/backendId`,
                    "CEPH",
                    /backendId must differ from the primary's cluster name/,
                ],
                [
                    "backends/second",
                    {
                        ...base().backends.ceph,
                        replicationDevice: {
                            ...base().backends.ceph.replicationDevice,
                            backendId: "Secondary",
                        },
                    },
                    /must not differ from 'secondary' by case only/,
                ],
            ]),
    );
    row(67, "a secret_uuid that is none or the primary's, one cluster twice", () =>
        refuses([
            [`${DEVICE}/secretUuid`, "457EB676", /secretUuid must be/],
            [`${DEVICE}/secretUuid`, base().backends.ceph.secretUuid, /secretUuid must differ/],
            ["sites/secondary/fsid", base().sites.primary.fsid, /fsid must differ/],
        ]),
    );
    row(69, "one host twice, port 0 and 70000", () =>
        refuses([
            [
                "hosts/twin",
                base().hosts[host.name],
                /must not be the same host and configFile as 'load-08'/,
            ],
            [`${HOST}/port`, 0, /port must be a port from 1 to 65535/],
            [`${HOST}/port`, 70_000, /port must be a port from 1 to 65535/],
            [`${HOST}/address`, "999.0.0.1", /address must be/],
            [`${HOST}/address`, ":::", /address must be/],
            [
                "hosts",
                {
                    a: { ...base().hosts[host.name], address: "::1" },
                    b: { ...base().hosts[host.name], address: "0:0:0:0:0:0:0:1" },
                },
                /hosts\.b\.address must not be the same host and configFile as 'a'/,
            ],
        ]),
    );
    row(70, "replication_enabled that is not exactly '<is> True'", () =>
        refuses(
            ["<is> true", "True", "<is>True", "<is> False", "<is> True "].map((value) => [
                "volumeTypes/r",
                { backend: "ceph", extraSpecs: { replication_enabled: value } },
                /replication_enabled must/,
            ]),
        ),
    );
    row(71, "a value that is missing, empty or of another type", () =>
        refuses([
            [`${CEPH}/secretUuid`, undefined, /secretUuid must be/],
            [`${CEPH}/secretUuid`, "", /secretUuid must be/],
            [`${CEPH}/user`, null, /user must be/],
            [`${CEPH}/pool`, { secure: "v1:x" }, /pool must be/],
        ]),
    );

    row(68, "names of 256 characters", () =>
        refuses([
            [`${CEPH}/pool`, "x".repeat(256), /pool must be at most 255 characters/],
            [`${DEVICE}/backendId`, "x".repeat(256), /backendId must be at most 255 characters/],
            ["volumeTypes", { ["x".repeat(256)]: { backend: "ceph" } }, /at most 255 characters/],
            [
                "volumeTypes/r",
                { backend: "ceph", extraSpecs: { x: "y".repeat(256) } },
                /extraSpecs\.x must be at most 255 characters/,
            ],
        ]),
    );
    row(68, "10 000 extra specs of one volume type, and a tenth of them", async () => {
        const previewOf = (count: number) => {
            const names = Array.from({ length: count }, (_, i) => [`x${String(i)}`, "y"]);
            const extraSpecs = Object.fromEntries(names);
            return engine.preview({
                ...base(),
                volumeTypes: { r: { backend: "ceph", extraSpecs } },
            });
        };
        const before = await host.snapshot();
        // The engine hands the stack's config to the program in one variable of its environment.
        const { code, output } = await previewOf(10_000);
        assert.notEqual(code, 0);
        assert.match(output, /argument list too long/);
        const start = Date.now();
        expectCode(await previewOf(1000), 0);
        const seconds = (Date.now() - start) / 1000;
        assert.ok(seconds < 60, `took ${seconds.toFixed(0)} s`);
        assert.deepEqual(await host.snapshot(), before);
        return {
            saw: `${sentence(output)}; of 1000 the plan, after ${seconds.toFixed(0)} s`,
            after: `${UNTOUCHED}, not connected to`,
            next: "preview: the same",
        };
    });
    row(68, "1000 hosts, and a cinder.conf of 1 MB", async () => {
        const entry = base().hosts[host.name];
        const hosts = Object.fromEntries(
            Array.from({ length: 1000 }, (_, i) => [
                `h${String(i)}`,
                { ...entry, address: `10.0.${String(i >> 8)}.${String(i & 255)}` },
            ]),
        );
        const start = Date.now();
        const topology = parseTopology({ ...base(), hosts } as TopologyInput);
        assert.equal(planWaves(topology.hosts, 1, 10).length, 101);
        const checked = Date.now() - start;
        assert.ok(checked < 10_000, `${String(checked)} ms`);
        const filler = `# ${"x".repeat(98)}\n`.repeat(10_000);
        await host.install(
            `${filler}[DEFAULT]\nenabled_backends = lvm\n\n[lvm]\nvolume_group = vg\n`,
        );
        const timeout = another();
        const pushed = Date.now();
        const { code, output } = await engine.up(lightTopology([host.name], timeout));
        assert.equal(code, 0, output);
        assert.ok(saysTimeout(timeout, await host.config()));
        const seconds = (Date.now() - pushed) / 1000;
        assert.ok(seconds < 60);
        return {
            saw: "nothing",
            after: `1000 hosts checked in ${String(checked)} ms, 1 MB pushed in ${seconds.toFixed(0)} s`,
            next: "up: nothing to push",
        };
    });
});
