/** What the order looks at: members of one active-active cluster serve each other's volumes. */
export interface Waiting {
    cluster?: string;
}

/**
 * The order in which hosts are pushed: the canaries alone and one after another, then batches. A wave starts only
 * when the one before it is healthy, so a failing canary leaves every other host untouched. The members of an
 * active-active cluster never stand all in one wave: somebody must go on serving its volumes.
 * @param canary hosts of the first waves, one a wave
 * @param batch hosts of each further wave
 */
export function planWaves<T extends Waiting>(
    hosts: readonly T[],
    canary: number,
    batch: number | "all",
): T[][] {
    const waves = hosts.slice(0, canary).map((host) => [host]);
    const members = countBy(hosts);
    let rest = hosts.slice(canary);
    while (rest.length > 0) {
        const wave = nextWave(rest, batch === "all" ? rest.length : batch, members);
        waves.push(wave);
        rest = rest.filter((host) => !wave.includes(host));
    }
    return waves;
}

const countBy = (hosts: readonly Waiting[]): Map<string, number> => {
    const members = new Map<string, number>();
    for (const { cluster } of hosts)
        if (cluster !== undefined) members.set(cluster, (members.get(cluster) ?? 0) + 1);
    return members;
};

function nextWave<T extends Waiting>(
    rest: readonly T[],
    size: number,
    members: Map<string, number>,
): T[] {
    const wave: T[] = [];
    for (const host of rest) {
        if (wave.length === size) break;
        const together = wave.filter((other) => other.cluster === host.cluster).length + 1;
        const all = host.cluster === undefined ? Infinity : (members.get(host.cluster) ?? 0);
        if (together < all || all === 1) wave.push(host);
    }
    return wave;
}
