import { REPLICATION_ENABLED, volumeTypeInput } from "../topology/volumeType";
import type { Topology } from "../topology";

/** A volume type as Cinder shows it. */
export interface ExistingType {
    id: string;
    name: string;
    description?: string | null;
    is_public?: boolean;
    extra_specs?: Record<string, string>;
}

/** What the topology has to say so that `pulumi up` takes a type over as it is. */
export interface AdoptedType {
    backend: string;
    importId: string;
    description?: string;
    /** false for a private type; who may use it stays as Cinder has it. */
    isPublic?: boolean;
    extraSpecs?: Record<string, string>;
}

export type TypeAdoption =
    { name: string; adopt: AdoptedType } | { name: string; leave: string; isProblem: boolean };

const OWN = ["replication_enabled", "volume_backend_name"];

/**
 * What becomes of each existing type that says something about replication or a backend of the topology.
 * @param left sections of backends that are not taken over, by volume_backend_name
 */
export function planTypes(
    { backends, volumeTypes }: Pick<Topology, "backends" | "volumeTypes">,
    types: readonly ExistingType[],
    left: ReadonlyMap<string, string> = new Map(),
): TypeAdoption[] {
    const sections = new Map(backends.map((b) => [b.volumeBackendName, b.section]));
    const known = new Set(volumeTypes.map((type) => type.importId));
    return types.flatMap((type): TypeAdoption[] => {
        const { id, name, extra_specs: specs = {} } = type;
        const served = specs.volume_backend_name ?? "";
        const backend = sections.get(served);
        const leave = (reason: string, isProblem = true): TypeAdoption[] => [
            { name, leave: reason, isProblem },
        ];
        if (known.has(id)) return leave("the topology has it already", false);
        if (specs.replication_enabled === undefined)
            return backend === undefined ? [] : leave("it is not replicated", false);
        if (backend === undefined) {
            const without = left.get(served);
            return without === undefined
                ? []
                : leave(`its backend [${without}] is not taken over`, false);
        }
        if (specs.replication_enabled !== REPLICATION_ENABLED)
            return leave(
                `replication_enabled is '${specs.replication_enabled}', so its volumes are not replicated: make a new type and retype them`,
            );
        const adopt = wordsFor(type, backend, specs);
        const judged = volumeTypeInput.safeParse(adopt);
        if (!judged.success)
            return leave(
                judged.error.issues.map((i) => [...i.path, i.message].join(" ")).join("; "),
            );
        return [{ name, adopt }];
    });
}

function wordsFor(
    { id, description, is_public }: ExistingType,
    backend: string,
    specs: Record<string, string>,
): AdoptedType {
    const more = Object.entries(specs).filter(([key]) => !OWN.includes(key));
    return {
        backend,
        importId: id,
        ...(description ? { description } : {}),
        ...(is_public === false ? { isPublic: false } : {}),
        ...(more.length > 0 ? { extraSpecs: Object.fromEntries(more) } : {}),
    };
}
