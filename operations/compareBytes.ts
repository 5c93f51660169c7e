import { isSeen } from "../core/replica";
import { subjectOf, type Survey } from "../core/survey";
import { ROLES } from "../core/topology/site";
import type { CephSite } from "./cephSite";
import { PartialError } from "./operationEnd";
import { both } from "./parallel";
import { type Run } from "./run";

type Sums = Record<string, { sum?: string; read?: number; whole?: boolean; error?: string }>;

export interface Compared {
    images: number;
    /** Images compared in whole; the others by a random part, the same on both sides. */
    whole: number;
    bytes: number;
}

const SUM_SECONDS = 1800;

/** The sums of the images on the primary and on the secondary, of the same blocks. */
async function sumsOf(run: Run, images: readonly string[], budget: number): Promise<[Sums, Sums]> {
    const ask = async (
        which: readonly string[],
        part: readonly string[],
    ): Promise<[Sums, Sums]> => {
        const request = { do: "checksum", images: which, part, budget, seed: run.journal.id };
        const { primary, secondary } = run.parts.sites;
        const sums = async (site: CephSite) =>
            (await site.pool<{ images: Sums }>(run.backend.pool, request, SUM_SECONDS)).images;
        return both(sums(primary), sums(secondary));
    };
    const [here, there] = await ask(images, []);
    // Equal bytes may fit the budget on one side alone, where the other stores zeros as data: a part is read of both then.
    const uneven = images.filter((image) => {
        const [a, b] = [here[image]?.whole, there[image]?.whole];
        return a !== undefined && b !== undefined && a !== b;
    });
    if (uneven.length === 0) return [here, there];
    const [partHere, partThere] = await ask(uneven, uneven);
    return [
        { ...here, ...partHere },
        { ...there, ...partThere },
    ];
}

/**
 * Compares images on both sites byte by byte, or a random part of those that hold more than `budget` bytes.
 * @throws PartialError naming the images that differ
 */
export async function compareBytes(
    run: Run,
    survey: Survey,
    ids: readonly string[],
    budget: number,
): Promise<Compared> {
    const pairs = survey.pairs.filter(({ volume }) => ids.includes(volume.id));
    const images = pairs.map(({ volume }) => volume.image);
    if (images.length === 0) return { images: 0, whole: 0, bytes: 0 };
    for (const role of ROLES) {
        const view = survey.views[role];
        if (!isSeen(view))
            throw new PartialError(
                `nothing was compared: ${survey.names[role]} cannot be asked: ${view.unseen}`,
                [`\`cinder-dr resume ${run.journal.id}\` compares again`],
            );
    }
    const [here, there] = await sumsOf(run, images, budget);
    const bad = pairs.flatMap((pair) => {
        const [a, b] = [here[pair.volume.image], there[pair.volume.image]];
        const error = a?.error ?? b?.error;
        if (error !== undefined) return [`${subjectOf(pair)}: ${error}`];
        return a?.sum !== undefined && a.sum === b?.sum
            ? []
            : [`${subjectOf(pair)}: other bytes on each site`];
    });
    if (bad.length > 0)
        throw new PartialError(
            `${String(bad.length)} image(s) are not proven equal: ${bad.join("; ")}`,
            [
                "a writer may have gone on meanwhile: stop it and compare again with `cinder-dr resume`",
            ],
        );
    const sums = Object.values(here);
    return {
        images: images.length,
        whole: sums.filter((s) => s.whole === true).length,
        bytes: sums.reduce((total, s) => total + (s.read ?? 0), 0),
    };
}
