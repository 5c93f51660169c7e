import { strict as assert } from "node:assert";

import { CONF } from "../host/fakeHost";
import { expectCode, type Mutable, type Run } from "../lab/support";
import { Engine, sentence } from "./engine";
import { LightHost, lightTopology } from "./lightHost";
import { row, type Seen } from "./matrix";
import { another, state, UNTOUCHED } from "./trial";

describe("faults of a removal", () => {
    const first = new LightHost("load-15");
    const second = new LightHost("load-16");
    let engine: Engine;
    const timeout = another();
    const topologyOf = (...hosts: LightHost[]): Mutable => {
        const names = hosts.map(({ name }) => name);
        const topology = lightTopology(names, timeout);
        topology.timeouts.applySeconds = 5;
        return topology;
    };

    before(async () => {
        engine = new Engine("faults-removal");
        for (const host of [first, second]) await host.install();
        expectCode(await engine.up(topologyOf(first, second)), 0);
    });
    after(() => {
        for (const host of [first, second]) host.close();
        engine.close();
    });

    /** Stops the login's shell of the next session, before its command. */
    const freezeNext = (host: LightHost) =>
        host.sh(
            "printf 'rm /etc/ssh/sshrc; kill -STOP $PPID\\n' > /tmp/rc && mv /tmp/rc /etc/ssh/sshrc",
        );
    const thaw = (host: LightHost) =>
        host.sh("ps -eo pid,ppid,stat | awk '$3 ~ /^T/ {print $2, $1}' | xargs -r kill -9");

    const frozen = async (
        host: LightHost,
        remove: () => Promise<Run>,
        again: () => Promise<Run>,
    ): Promise<Seen> => {
        const before = await host.snapshot();
        await freezeNext(host);
        const start = Date.now();
        const { code, output } = await remove();
        const seconds = (Date.now() - start) / 1000;
        await thaw(host);
        assert.notEqual(code, 0, output);
        assert.match(
            output,
            new RegExp(
                `cinder-dr: ${host.name}: connection: no answer 45 s after its limit of 5 s: this run is ended`,
            ),
        );
        assert.ok(seconds < 95, `took ${seconds.toFixed(0)} s`);
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        await engine.cancel();
        expectCode(await again(), 0);
        assert.equal(await host.config(), CONF);
        return { saw: sentence(output), after, next: "removed: byte for byte as before us" };
    };

    row(5, "the session freezes after the login, while a host is taken out", () => {
        const without = () => engine.up(topologyOf(second));
        return frozen(first, without, without);
    });

    row(5, "the session freezes after the login, in `destroy --run-program`", () => {
        const destroy = () => engine.destroy(topologyOf(second), "--run-program");
        return frozen(second, destroy, destroy);
    });
});
