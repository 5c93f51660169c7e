/**
 * What to do about one part: 'use' it as it is, 'official' (download) or 'build'. A part that is official, or that
 * somebody else installed, is never replaced. One built here is replaced by an official one when that is asked for,
 * and built anew when our sources have changed since.
 *
 * @param there what inspect() saw
 * @param sources the hash of the sources that would build it now
 * @param wants {official, build}: the options of the command line
 * @param answers asks, at most once, whether the official download answers
 */
export async function decide(there, sources, wants, answers) {
    const ours = there.present && there.origin === "built";
    if (there.present && !ours) return "use";
    const fresh = ours && there.sources === sources;
    if (fresh && !wants.official) return "use";
    if (!wants.build && (await answers())) return "official";
    return fresh ? "use" : "build";
}

/** Asks only once: a probe that times out costs seconds. */
export function once(ask) {
    let answer;
    return () => (answer ??= ask());
}
