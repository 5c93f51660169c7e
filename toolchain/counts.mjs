/** What a run counts as that ended without any counts. */
export const oneFailure = { passed: 0, failed: 1, skipped: 0 };

/** Sums of {passed, failed, skipped}. */
export function addCounts(list) {
    const total = { passed: 0, failed: 0, skipped: 0 };
    for (const counts of list) for (const key of Object.keys(total)) total[key] += counts[key];
    return total;
}

export const summaryLine = ({ passed, failed, skipped }) =>
    `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** The last summary line of an output, which may be the only one; a run that ended without any is one failure. */
export function countsIn(output) {
    const [last] = output.match(/^\d+ passed, \d+ failed, \d+ skipped$/gm)?.slice(-1) ?? [];
    if (last === undefined) return oneFailure;
    const [passed, failed, skipped] = last.match(/\d+/g).map(Number);
    return { passed, failed, skipped };
}

/** A run that tested nothing proves nothing, so it fails too. */
export const exitCode = (counts) => (counts.failed > 0 || counts.passed === 0 ? 1 : 0);

/** The counts in the output of `go test -json`: of whole tests, without their subtests; a package may fail to build. */
export function countGoTests(output) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const broken = new Set();
    const failedPackages = new Set();
    for (const line of output.split("\n").filter((text) => text.startsWith("{"))) {
        const { Action, Test, Package } = JSON.parse(line);
        const key = { pass: "passed", fail: "failed", skip: "skipped" }[Action];
        if (!key || !Package) continue;
        if (Test === undefined && key === "failed") broken.add(Package);
        if (Test === undefined || Test.includes("/")) continue;
        counts[key]++;
        if (key === "failed") failedPackages.add(Package);
    }
    for (const name of broken) if (!failedPackages.has(name)) counts.failed++;
    return counts;
}
