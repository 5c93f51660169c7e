import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { addCounts, countsIn, oneFailure } from "./counts.mjs";
import { project } from "./ensure.mjs";
import { run } from "./progress.mjs";

/** The rest of a suite that would take too long in one lab, each in one of its own; what installs packages must not be in it. */
const BESIDE = {
    lab: ["lab.beside"],
    faults: ["faults.beside"],
    operations: ["operations.moves", "operations.faults"],
};
/** All that runs beside a suite, with others that were asked for. */
export const besides = (suite, others = []) => [
    ...(BESIDE[suite] ?? []),
    ...others.flatMap((other) => [other, ...(BESIDE[other] ?? [])]),
];
const LANE = join(import.meta.dirname, "lane.sh");

/** Whether this machine makes a network of its own for a lane; if not, a line says why. */
export function hasLanes(progress) {
    const { status, stderr } = spawnSync("bash", [LANE, "--check"], { encoding: "utf8" });
    if (status !== 0) progress.line(`one lab after the other: ${stderr.trim()}`);
    return status === 0;
}

/** Runs a suite in a lane beside this one, its lines marked with its name. Needs the packages of a lab. */
export async function inLane(suite, progress) {
    progress.line(`${suite}: begun in a lab of its own`);
    let output = "";
    const onLine = (line) => {
        output += `${line}\n`;
        console.log(`${suite} | ${line}`);
    };
    const words = [LANE, suite, process.execPath, "toolchain/test.mjs", suite];
    const crash = await run("bash", words, { cwd: project, onLine }).then(
        () => undefined,
        (error) => error,
    );
    const counts = countsIn(output);
    return crash && counts.failed === 0 ? addCounts([counts, oneFailure]) : counts;
}
