import type { VolumeType } from "../topology";
import { itemsOf, type DriftItem } from "./item";

/** One volume type as Cinder has it. */
export interface VolumeTypeSeen {
    name: string;
    is_public?: boolean;
    extra_specs?: Record<string, string>;
}

/** The specs of a type in use cannot change (Cinder answers 400), and a type without volumes is made anew. */
const SPECS_NEXT =
    "without volumes of it: `pulumi up --refresh`; with volumes: make a new type and retype them";

/** One volume type against the topology. */
export function volumeTypeDrift(type: VolumeType, seen: VolumeTypeSeen | undefined): DriftItem[] {
    const make = itemsOf(`volumeTypes.${type.name}`);
    if (seen === undefined)
        return [
            make.drifted(
                "volume type",
                "missing in Cinder",
                "there",
                "`pulumi up --refresh` makes it; or the credentials may not see it",
            ),
        ];
    const specs = seen.extra_specs ?? {};
    const names = [...new Set([...Object.keys(type.extraSpecs), ...Object.keys(specs)])].sort();
    const quoted = (value: string | undefined) => (value === undefined ? "missing" : `'${value}'`);
    const items = names.map((key) => {
        const [found, wanted] = [specs[key], type.extraSpecs[key]];
        return found === wanted
            ? make.ok(`extra spec ${key}`, quoted(found))
            : make.drifted(`extra spec ${key}`, quoted(found), quoted(wanted), SPECS_NEXT);
    });
    const shown = (value: boolean) => (value ? "public" : "private");
    if (seen.is_public !== undefined && seen.is_public !== type.isPublic)
        items.push(
            make.drifted(
                "access",
                shown(seen.is_public),
                shown(type.isPublic),
                "`pulumi up --refresh`",
            ),
        );
    return items;
}
