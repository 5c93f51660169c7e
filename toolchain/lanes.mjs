import { spawnSync } from "node:child_process";
import { totalmem } from "node:os";
import { join } from "node:path";
import { countsIn, withCrash } from "./counts.mjs";
import { project } from "./ensure.mjs";
import { run } from "./progress.mjs";

/** The rest of a suite that would take too long in one lab, each in one of its own; what installs packages must not be in it. */
const BESIDE = {
    lab: ["lab.beside"],
    faults: ["faults.files", "faults.hosts"],
    operations: [
        ...["operations.moves", "operations.faults", "operations.shared"],
        ...["operations.killsByRows", "operations.kills"],
    ],
};
/** All that runs beside a suite, with others that were asked for; nothing beside one that is in a lane itself. */
export const besides = (suite, others = [], env = process.env) =>
    env.CINDER_DR_LANE === undefined
        ? [
              ...(BESIDE[suite] ?? []),
              ...others.flatMap((other) => [other, ...(BESIDE[other] ?? [])]),
          ]
        : [];
const LANE = join(import.meta.dirname, "lane.sh");

/** Whether this machine makes a network of its own for a lane; if not, a line says why. */
export function hasLanes(progress) {
    const { status, stderr } = spawnSync("bash", [LANE, "--check"], { encoding: "utf8" });
    if (status !== 0) progress.line(`one lab after the other: ${stderr.trim()}`);
    return status === 0;
}

/**
 * Labs at once, by CINDER_DR_LABS, else four: two cores carry them, since their tests mostly wait; as far as the memory
 * goes, of which a lab with Ceph's and the tests' own wants 4 GiB.
 */
export function labsAtOnce(asked = process.env.CINDER_DR_LABS, memory = totalmem()) {
    const wanted = /^[1-9]\d?$/.test(asked ?? "") ? Number(asked) : 4;
    return Math.max(1, Math.min(wanted, Math.floor(memory / (4 * 2 ** 30))));
}

/**
 * Whether it is too late to begin a suite beside another: by CINDER_DR_BEGIN_UNTIL, in seconds since the epoch, else never.
 * Machines of one kind have been seen to differ by twice in their pace, and a run that is ended from outside tells nothing.
 */
export const isLate = (until = process.env.CINDER_DR_BEGIN_UNTIL, now = Date.now()) =>
    /^\d+$/.test(until ?? "") && now / 1000 > Number(until);

/** Takes suites from those that wait, one at a time, until it is too late; the others stay there. */
export function* due(waiting) {
    while (waiting.length > 0 && !isLate()) yield waiting.shift();
}

/**
 * Runs suites in lanes, in turn, as labs become free.
 * @param own what runs in the lab that is no lane; its lab counts until it resolves
 * @returns the counts of those that ran, and the names of those that it was too late for
 */
export async function inLanes(suites, own, progress) {
    const waiting = [...suites];
    const results = [];
    const lane = async () => {
        for (const suite of due(waiting)) results.push(await inLane(suite, progress));
    };
    await Promise.all([own.then(lane), ...Array.from({ length: labsAtOnce() - 1 }, lane)]);
    return { results, late: waiting };
}

/** Runs a suite in a lane beside this one, its lines marked with its name. Needs the packages of a lab. */
async function inLane(suite, progress) {
    progress.line(`${suite}: begun in a lab of its own`);
    let output = "";
    const onLine = (line) => {
        output += `${line}\n`;
        console.log(`${suite} | ${line}`);
    };
    const words = [LANE, suite, process.execPath, "toolchain/test.mjs", suite];
    const env = { ...process.env, CINDER_DR_LANE: suite };
    const crash = await run("bash", words, { cwd: project, env, onLine }).then(
        () => undefined,
        (error) => error,
    );
    const counts = withCrash(countsIn(output), crash);
    progress.line(`${suite}: ended`);
    return { ...counts, failures: counts.failures.map((line) => `${suite} | ${line}`) };
}
