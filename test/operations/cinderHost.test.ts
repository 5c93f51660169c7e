import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Host, Service } from "../../core/topology/host";
import { CinderHost } from "../../operations/cinderHost";
import { backend } from "../support/survey";
import { SshServer, type Outcome } from "../support/sshServer";

const CONTAINER = {
    engine: "docker",
    name: "cinder_volume",
    configFile: "/etc/cinder/cinder.conf",
    python: "/var/lib/kolla/venv/bin/python3",
} as const;

describe("a Cinder host", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-host-"));
    const open: CinderHost[] = [];
    /** What each command is answered with, by its words behind `sudo -n`. */
    let answers: (words: string) => Outcome;
    /** What host/service.py was asked. */
    const asked: Record<string, unknown>[] = [];
    let server: SshServer;

    before(async () => {
        server = await SshServer.start((command, stdin) => {
            const [, request] = /^REQUEST = (".*")$/m.exec(stdin.toString("utf8")) ?? [];
            if (request !== undefined)
                asked.push(JSON.parse(JSON.parse(request) as string) as Record<string, unknown>);
            return answers(command.replace(/^timeout -k 5 \d+ sudo -n /, ""));
        });
        writeFileSync(join(folder, "key"), server.clientKey);
    });
    beforeEach(() => {
        asked.length = server.commands.length = 0;
    });
    after(async () => {
        for (const host of open) host.close();
        await server.stop();
        rmSync(folder, { recursive: true });
    });

    function hostOf(service: Service): CinderHost {
        const host = new CinderHost({
            name: "cinder-a",
            connection: server.connection(join(folder, "key")),
            configFile: "/etc/kolla/cinder-volume/cinder.conf",
            python: "/usr/bin/python3",
            serviceUser: "cinder",
            service,
        } as Host);
        open.push(host);
        return host;
    }
    const said = (answer: object): Outcome => ({ code: 0, stdout: `${JSON.stringify(answer)}\n` });
    const told = (): string[] =>
        server.commands.map((line) => line.replace(/^timeout -k 5 \d+ sudo -n /, ""));

    it("is asked inside its container, where the file has a path of its own", async () => {
        answers = () => said({ service: "cinder-a@ceph", reach: {} });
        const host = hostOf({ container: CONTAINER });
        const seen = await host.look(backend, [], 5);
        assert.deepEqual(seen, { name: "cinder-a", service: "cinder-a@ceph", reach: {} });
        assert.deepEqual(told(), [
            "docker exec -i -u cinder cinder_volume /var/lib/kolla/venv/bin/python3 -I -",
        ]);
        assert.ok(asked[0] !== undefined);
        assert.equal(asked[0]["config"], "/etc/cinder/cinder.conf");
        assert.ok(!("unit" in asked[0]), "no systemd runs in there");
    });

    const UNIT = "kolla-cinder_volume-container.service";
    const managed = { container: { ...CONTAINER, unit: UNIT } };
    const state = (running: string, active: string) => (words: string) => ({
        code: 0,
        stdout: `${words.startsWith("docker inspect") ? running : active}\n`,
    });

    it("has its container stopped and restarted by the unit that would start it again", async () => {
        answers = state("false", "inactive");
        const host = hostOf(managed);
        await host.stop();
        await host.restart();
        assert.deepEqual(told(), [
            `systemctl stop --no-block ${UNIT}`,
            "docker stop -t 5 cinder_volume",
            `systemctl stop ${UNIT}`,
            `systemctl restart ${UNIT}`,
        ]);
        server.commands.length = 0;
        const plain = hostOf({ container: CONTAINER });
        await plain.stop();
        await plain.restart();
        assert.deepEqual(told(), [
            "docker stop -t 5 cinder_volume",
            "docker restart cinder_volume",
        ]);
    });

    it("runs also while its unit is about to start the container again", async () => {
        const runs = (running: string, active: string, service: Service = managed) => {
            answers = state(running, active);
            return hostOf(service).runs();
        };
        assert.equal(await runs("true", "inactive"), true);
        assert.equal(await runs("false", "activating"), true);
        assert.equal(await runs("false", "inactive"), false);
        assert.equal(await runs("false", "activating", { container: CONTAINER }), false);
        assert.equal(await runs("", "failed", { systemd: { unit: "x" } }), false);
    });

    it("has stopped where its unit has removed the container, and not where the engine does not say", async () => {
        const stderr = 'Error: no such object: "cinder_volume"';
        answers = (words) =>
            words.startsWith("docker") ? { code: 125, stderr } : { code: 0, stdout: "inactive\n" };
        const host = hostOf(managed);
        await host.stop();
        assert.equal(await host.runs(), false);
        answers = () => ({ code: 1, stderr: "Cannot connect to the Docker daemon" });
        await assert.rejects(host.runs(), /inspect: exit code 1: Cannot connect to the Docker/);
        await assert.rejects(hostOf({ container: CONTAINER }).stop(), /stop: exit code 1/);
    });

    it("starts anew: what has come up meanwhile is stopped first, though it hangs", async () => {
        answers = state("true", "active");
        const host = hostOf(managed);
        await host.startAnew();
        assert.deepEqual(told(), [
            "docker inspect --format '{{.State.Running}}' cinder_volume",
            `systemctl stop --no-block ${UNIT}`,
            "docker stop -t 5 cinder_volume",
            `systemctl stop ${UNIT}`,
            `systemctl restart ${UNIT}`,
        ]);
        server.commands.length = 0;
        answers = state("false", "inactive");
        await hostOf({ systemd: { unit: "cinder-volume" } }).startAnew();
        assert.deepEqual(told(), [
            "systemctl is-active cinder-volume",
            "systemctl restart cinder-volume",
        ]);
    });

    it("goes on with the files that its process was last seen with", async () => {
        const files = ["--config-file", "/etc/cinder/cinder.conf", "--config-dir", "/etc/cinder/d"];
        answers = () => said({ service: "a@ceph", arguments: files, reach: {}, dropped: 2 });
        const host = hostOf({ systemd: { unit: "openstack-cinder-volume" } });
        await host.look(backend, [], 5);
        answers = () => said({ service: "a@ceph", arguments: null, reach: {}, dropped: 2 });
        await host.look(backend, [], 5);
        assert.equal(await host.drain("a@ceph"), 2);
        assert.deepEqual(
            asked.map(({ config, unit, arguments: words }) => [config, unit, words]),
            [undefined, files, files].map((words) => [
                "/etc/kolla/cinder-volume/cinder.conf",
                "openstack-cinder-volume",
                words,
            ]),
        );
    });

    it("has its rows written for as long as their number takes, and few of them no longer", async () => {
        const host = hostOf({ systemd: { unit: "cinder-volume.service" } });
        const of = (count: number) =>
            Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i), {}]));
        const limits: string[] = [];
        answers = () => said({ changed: 0 });
        for (const [volumes, snapshots] of [
            [0, 0],
            [2500, 10_000],
        ] as const) {
            const rows = { service: {}, cluster: null, volumes: of(volumes) };
            await host.writeRows("cinder-a@ceph", { ...rows, snapshots: of(snapshots) });
            limits.push(/^timeout -k 5 (\d+) /.exec(server.commands.at(-1) ?? "")?.[1] ?? "");
        }
        assert.deepEqual(limits, ["120", "745"]);
    });
});
