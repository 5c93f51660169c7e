import assert from "node:assert/strict";

import { planTypes, type ExistingType } from "../../../core/adopt/volumeType";
import { parseTopology } from "../../../core/topology";
import { goodTopology, uuid } from "../../support/topology";

const topology = parseTopology(goodTopology());
const SPECS = { replication_enabled: "<is> True", volume_backend_name: "ceph" };
const type = (more: Partial<ExistingType> = {}): ExistingType => ({
    id: uuid(7),
    name: "gold",
    is_public: true,
    extra_specs: SPECS,
    ...more,
});

describe("the adoption of volume types", () => {
    it("takes a replicated public type of a backend with its id and further specs", () => {
        const specs = { ...SPECS, note: "x" };
        assert.deepEqual(planTypes(topology, [type({ extra_specs: specs, description: "d" })]), [
            {
                name: "gold",
                adopt: {
                    backend: "ceph",
                    importId: uuid(7),
                    description: "d",
                    extraSpecs: { note: "x" },
                },
            },
        ]);
    });
    const left: [what: string, more: Partial<ExistingType>, leave: RegExp, isProblem: boolean][] = [
        ["unreplicated", { extra_specs: { volume_backend_name: "ceph" } }, /not replicated/, false],
        [
            "misspelt",
            { extra_specs: { ...SPECS, replication_enabled: "<is> true" } },
            /its volumes are not replicated: make a new type/,
            true,
        ],
        [
            "of a spec that the topology refuses",
            { extra_specs: { ...SPECS, multiattach: "<is> True" } },
            /^extraSpecs multiattach must not be set: multiattach strips the journaling feature/,
            true,
        ],
    ];
    for (const [what, more, leave, isProblem] of left)
        it(`leaves a type that is ${what}, and says why`, () => {
            const [adoption] = planTypes(topology, [type(more)]);
            assert.ok(adoption !== undefined && "leave" in adoption);
            assert.match(adoption.leave, leave);
            assert.equal(adoption.isProblem, isProblem);
        });
    it("takes a private type as private, and nothing of its projects", () => {
        assert.deepEqual(planTypes(topology, [type({ is_public: false })]), [
            { name: "gold", adopt: { backend: "ceph", importId: uuid(7), isPublic: false } },
        ]);
    });
    it("leaves a type whose backend is not taken over, and names the backend", () => {
        const other = type({ extra_specs: { ...SPECS, volume_backend_name: "rbd-2" } });
        assert.deepEqual(planTypes(topology, [other], new Map([["rbd-2", "second"]])), [
            { name: "gold", leave: "its backend [second] is not taken over", isProblem: false },
        ]);
    });
    it("says nothing of another backend's types, and leaves what the topology has", () => {
        const other = type({ extra_specs: { ...SPECS, volume_backend_name: "lvm" } });
        assert.deepEqual(planTypes(topology, [other]), []);
        const known = parseTopology({
            ...goodTopology(),
            volumeTypes: { gold: { backend: "ceph", importId: uuid(7) } },
        });
        assert.deepEqual(planTypes(known, [type()]), [
            { name: "gold", leave: "the topology has it already", isProblem: false },
        ]);
    });
});
