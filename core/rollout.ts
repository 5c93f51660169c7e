/**
 * The order in which hosts are pushed: the canaries alone and one after another, then batches. A wave starts only
 * when the one before it is healthy, so a failing canary leaves every other host untouched.
 * @param canary hosts of the first waves, one a wave
 * @param batch hosts of each further wave
 */
export function planWaves<T>(hosts: readonly T[], canary: number, batch: number | "all"): T[][] {
    const waves = hosts.slice(0, canary).map((host) => [host]);
    const rest = hosts.slice(canary);
    const size = batch === "all" ? Math.max(rest.length, 1) : batch;
    for (let at = 0; at < rest.length; at += size) waves.push(rest.slice(at, at + size));
    return waves;
}
