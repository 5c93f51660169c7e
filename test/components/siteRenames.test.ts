import { strict as assert } from "node:assert";

import { renamedSite } from "../../components/siteRenames";
import type { StackState } from "../../components/stackState";
import type { Topology } from "../../core/topology";

const OWNER = "cinder-dr:index:CinderDisasterRecovery";

describe("a site that gets another name", () => {
    const stateOf = (...names: string[]): StackState =>
        Object.fromEntries(
            names.map((name) => [
                `urn:pulumi:prod::cloud::${OWNER}$cinder-dr:index:CephMirroring$cinder-dr:index:CephSite::${name}`,
                { outputs: {} },
            ]),
        );
    const sitesOf = (primary: string, secondary: string) =>
        ({ primary: { name: primary }, secondary: { name: secondary } }) as Topology["sites"];

    it("is refused at its path while the state has it", () => {
        assert.equal(
            renamedSite(OWNER, stateOf("paris", "lyon"), sitesOf("paris", "nice")),
            "topology: sites.secondary.name must stay 'lyon' while 'mirroring' is declared, got 'nice': under another name its pools, users and peers would be made once more and then taken back, as the old site's",
        );
    });

    it("is none where both are known, exchanged or new", () => {
        for (const state of [stateOf("paris", "lyon"), stateOf("lyon", "paris"), stateOf()])
            assert.equal(renamedSite(OWNER, state, sitesOf("paris", "lyon")), undefined);
    });

    it("is none of another component's", () => {
        const state = stateOf("paris", "lyon");
        assert.equal(renamedSite(`other$${OWNER}`, state, sitesOf("rome", "nice")), undefined);
    });
});
