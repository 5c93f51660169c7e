/** What `rbd mirror pool status --verbose --format json` says of one pool on one site. */
export interface MirrorPoolStatus {
    /** Names of the mirrored images. */
    images: string[];
}

export function parseMirrorPool(text: string): MirrorPoolStatus {
    const given = JSON.parse(text) as { images?: { name?: string }[] };
    return { images: (given.images ?? []).flatMap(({ name }) => name ?? []) };
}
