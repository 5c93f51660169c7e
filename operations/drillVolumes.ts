import { named } from "../core/named";
import type { Backend } from "../core/topology";
import { isOf } from "../core/service";
import type { Cinder } from "./cinder";
import { hostOf, imageOf, type Volume } from "../core/volume";
import { isReplicated } from "./drillImages";

/** What was asked for cannot be drilled; nothing was made. */
export class DrillError extends Error {
    override readonly name = "DrillError";
}

/**
 * The replicated volumes of a backend by their image's name.
 * @param chosen names or ids; empty for all
 * @throws DrillError when one of them is no replicated volume of this backend
 */
export async function volumesOf(
    cinder: Cinder,
    backend: Backend,
    chosen: readonly string[],
): Promise<Map<string, Volume>> {
    const all = await cinder.allVolumes();
    if (all.length > 0 && all.every((v) => hostOf(v) === ""))
        throw new DrillError(
            "Cinder names no volume's host, so their backend is unknown: use credentials of an admin",
        );
    const here = all.filter((volume) => isOf(backend, hostOf(volume)) && isReplicated(volume));
    // A name may be typed as it is, and as it is shown.
    const isChosen = (word: string) => (v: Volume) =>
        v.id === word || named(v.name) === named(word);
    for (const word of chosen)
        if (!here.some(isChosen(word)))
            throw new DrillError(
                `--volume must be a replicated volume of backend ${backend.section}, got '${word}'`,
            );
    const taken = here.filter((v) => chosen.length === 0 || chosen.some((w) => isChosen(w)(v)));
    return new Map(taken.map((volume) => [imageOf(volume), volume]));
}
