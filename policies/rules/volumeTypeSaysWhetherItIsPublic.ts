import { VOLUME_TYPE } from "../facts/texts";
import type { ResourceRule } from "../rule";

export const volumeTypeSaysWhetherItIsPublic: ResourceRule = {
    name: "volume-type-says-whether-it-is-public",
    demand: "A volume type says isPublic",
    why: "The provider makes a type private when it says nothing, although Cinder's own default is public: no project but the admin's can use it",
    source: "terraform-provider-openstack resource_openstack_blockstorage_volume_type_v3.go",
    level: "mandatory",
    severity: "medium",
    reference: "internal",
    traps: [],
    checks: [],
    *judge({ type, inputs }) {
        if (type === VOLUME_TYPE && (inputs.isPublic === undefined || inputs.isPublic === null))
            yield "does not say isPublic and becomes private; write isPublic: true or false";
    },
    *repair({ type, inputs }) {
        // Cinder's own default, which whoever left it out expects.
        if (type === VOLUME_TYPE && inputs.isPublic === undefined)
            yield { path: ["isPublic"], value: true };
    },
};
