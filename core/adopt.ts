import { REPLICATION_ENABLED } from "./topology/volumeType";
import type { Topology } from "./topology";

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
    extraSpecs?: Record<string, string>;
}

export type Adoption =
    { name: string; adopt: AdoptedType } | { name: string; leave: string; isProblem: boolean };

const OWN = ["replication_enabled", "volume_backend_name"];

/** What becomes of each existing type that says something about replication or a backend of the topology. */
export function planAdoption(
    { backends, volumeTypes }: Topology,
    types: ExistingType[],
): Adoption[] {
    const sections = new Map(backends.map((b) => [b.volumeBackendName, b.section]));
    const known = new Set(volumeTypes.map((type) => type.importId));
    return types.flatMap((type): Adoption[] => {
        const { id, name, description, extra_specs: specs = {} } = type;
        const backend = sections.get(specs.volume_backend_name ?? "");
        if (backend === undefined) return [];
        const leave = (reason: string, isProblem = true): Adoption[] => [
            { name, leave: reason, isProblem },
        ];
        if (known.has(id)) return leave("the topology has it already", false);
        if (specs.replication_enabled === undefined) return leave("it is not replicated", false);
        if (specs.replication_enabled !== REPLICATION_ENABLED)
            return leave(
                `replication_enabled is '${specs.replication_enabled}', so its volumes are not replicated: make a new type and retype them`,
            );
        if (type.is_public === false)
            return leave("it is private: write it and its projects by hand");
        const more = Object.entries(specs).filter(([key]) => !OWN.includes(key));
        return [
            {
                name,
                adopt: {
                    backend,
                    importId: id,
                    ...(description ? { description } : {}),
                    ...(more.length > 0 ? { extraSpecs: Object.fromEntries(more) } : {}),
                },
            },
        ];
    });
}
