import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { checkTopology, CONFIG_KEY, parseTopology } from "../../core/topology";
import { HOST_KEY } from "../support/topology";

const ROOT = join(__dirname, "../..");
const PAGES = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)];

interface Stack {
    config?: Record<string, unknown>;
}

/** The fenced YAML blocks of a page that hold a topology; `AAAA…` stands for a key there. */
const topologiesIn = (page: string): unknown[] =>
    [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)]
        .map(
            ([, block = ""]) =>
                parse(block.replaceAll(/ssh-ed25519 AAAA…/g, HOST_KEY)) as Stack | null,
        )
        .flatMap((stack) =>
            stack?.config?.[CONFIG_KEY] === undefined ? [] : [stack.config[CONFIG_KEY]],
        );

describe("the examples of a topology", () => {
    it("examples/two-site is right", () => {
        const file = join(ROOT, "examples/two-site/Pulumi.two-site.yaml");
        const { config } = parse(readFileSync(file, "utf8")) as Stack;
        assert.deepEqual(checkTopology(config?.[CONFIG_KEY]), []);
    });

    for (const name of PAGES.filter((page) => page.endsWith(".md"))) {
        const topologies = topologiesIn(readFileSync(join(ROOT, name), "utf8"));
        if (topologies.length === 0) continue;
        it(`${name} is right`, () => {
            for (const topology of topologies) assert.deepEqual(checkTopology(topology), []);
        });
    }

    it("README shows one of at most 24 lines, with the defaults that the pages tell", () => {
        const readme = readFileSync(join(ROOT, "README.md"), "utf8");
        const [topology] = topologiesIn(readme);
        const { backends, hosts, volumeTypes } = parseTopology(topology);
        assert.equal(backends[0]?.replicationDevice.conf, "/etc/ceph/lyon.conf");
        assert.deepEqual(hosts[0]?.service, { systemd: { unit: "cinder-volume" } });
        assert.equal(volumeTypes[0]?.protect, true);
        const block = /^```yaml\n([^]*?)^```$/m.exec(readme)?.[1] ?? "";
        assert.ok(block.trim().split("\n").length <= 24, block);
    });
});
