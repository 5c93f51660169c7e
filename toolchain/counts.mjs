/** What a run counts as that ended without any counts, and what is known of its end. */
export const oneFailure = (reason) => ({
    passed: 0,
    failed: 1,
    skipped: 0,
    failures: [reason],
});

/** Sums of {passed, failed, skipped}, with the lines of all failures. */
export function addCounts(list) {
    const total = { passed: 0, failed: 0, skipped: 0 };
    for (const counts of list) for (const key of Object.keys(total)) total[key] += counts[key];
    return { ...total, failures: list.flatMap(({ failures }) => failures ?? []) };
}

/** The counts of a run that may have ended with an error: then something has failed, whatever it counted. */
export const withCrash = (counts, crash) =>
    addCounts(crash && counts.failed === 0 ? [counts, oneFailure(crash.message)] : [counts]);

const FAILED = "failed: ";
const LONGEST = 600;
function failureLine(text) {
    const line = text.trim().replaceAll(/\s*\n\s*/g, " / ");
    return `${FAILED}${line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line}`;
}

/** The end of a run's output: of a long record often no more is kept, so it names what failed beside the counts. */
export const summary = ({ passed, failed, skipped, failures }) =>
    [...failures.map(failureLine), `${passed} passed, ${failed} failed, ${skipped} skipped`].join(
        "\n",
    );

/** The last summary of an output, which may be the only one; a run that ended without any is one failure. */
export function countsIn(output) {
    const lines = output.split("\n");
    const last = lines.findLastIndex((line) => /^\d+ passed, \d+ failed, \d+ skipped$/.test(line));
    if (last === -1) return oneFailure(`ended without counts: ${lines.slice(-5).join("\n")}`);
    const [passed, failed, skipped] = lines[last].match(/\d+/g).map(Number);
    const first = lines.findLastIndex((line, i) => i < last && !line.startsWith(FAILED)) + 1;
    const failures = lines.slice(first, last).map((line) => line.slice(FAILED.length));
    return { passed, failed, skipped, failures };
}

/** A run that tested nothing proves nothing, so it fails too. */
export const exitCode = (counts) => (counts.failed > 0 || counts.passed === 0 ? 1 : 0);

/** The counts in the output of `go test -json`: of whole tests, without their subtests; a package may fail to build. */
export function countGoTests(output) {
    const counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
    const broken = new Set();
    const failedPackages = new Set();
    for (const line of output.split("\n").filter((text) => text.startsWith("{"))) {
        const { Action, Test, Package } = JSON.parse(line);
        const key = { pass: "passed", fail: "failed", skip: "skipped" }[Action];
        if (!key || !Package) continue;
        if (Test === undefined && key === "failed") broken.add(Package);
        if (Test === undefined || Test.includes("/")) continue;
        counts[key]++;
        if (key !== "failed") continue;
        failedPackages.add(Package);
        counts.failures.push(`${Package} ${Test}`);
    }
    const unbuilt = [...broken].filter((name) => !failedPackages.has(name));
    counts.failed += unbuilt.length;
    counts.failures.push(...unbuilt.map((name) => `${name} does not build, or ended early`));
    return counts;
}
