import { ProblemsError } from "../problem";
import { backendInput } from "../topology/backend";
import { checkTopology, resolveTopology, topologyInput, type Topology } from "../topology";
import { section } from "../topology/section";
import { closed, named } from "../topology/text";

/** What a topology says before it is complete: its sites and hosts, as far as nobody else can know them. */
const draftInput = closed("a topology", {
    ...topologyInput.shape,
    backends: named("a map of backends", section, backendInput),
});

/** A file's topology, with the two parts that an adoption fills in. */
export interface Draft {
    backends: Record<string, object>;
    hosts: Record<string, { backends?: string[]; unreachable?: string }>;
    volumeTypes: Record<string, object>;
}

/** What refers to a backend that is still to be read from the hosts. */
const NOT_YET = [
    /^backends$/,
    /^hosts\..+\.backends\.\d+$/,
    /^volumeTypes\..+\.backend$/,
    /^mirroring(?:\.|$)/,
    /^computes(?:\.|$)/,
];

/** The file's topology with empty maps where it has no backends and volume types yet. */
export const fillDraft = (given: unknown): Draft => {
    const typed = (given ?? {}) as Partial<Record<keyof Draft, unknown>>;
    const { backends, volumeTypes } = typed;
    return { ...typed, backends: backends ?? {}, volumeTypes: volumeTypes ?? {} } as Draft;
};

/**
 * A topology that may have no backends yet, all defaults filled in. What must fit the missing ones is not looked at.
 * @throws ProblemsError with every other problem
 */
export function parseDraft(draft: Draft): Topology {
    const problems = checkTopology(draft).filter(
        ({ propertyPath }) => !NOT_YET.some((path) => path.test(propertyPath)),
    );
    if (problems.length > 0) throw new ProblemsError("topology", problems);
    return resolveTopology(draftInput.parse(draft));
}
