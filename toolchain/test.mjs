import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addCounts, countGoTests, exitCode, oneFailure, summary, withCrash } from "./counts.mjs";
import { cacheFolder, ensure, project } from "./ensure.mjs";
import { provideGo } from "./golang.mjs";
import { installPackages } from "./install.mjs";
import { labEnvironment, openStack } from "./labstack.mjs";
import { besides, due, hasLanes, inLanes } from "./lanes.mjs";
import { nodeWarning } from "./node.mjs";
import { inspectMachine, labObstacles, nodeObstacle } from "./preconditions.mjs";
import { createProgress, run } from "./progress.mjs";

const progress = createProgress("test");
/** `npm test` has none; `npm run test:faults` and its like name the mocha configuration of theirs, and others beside it. */
const [SUITE, ...OTHERS] = process.argv.slice(2);
/** Suites that install packages on their way, and a lane has no network for that. */
const NETWORKED = ["operations", "review"];
/**
 * What a suite needs of the lab beyond its Ceph clusters and Cinder hosts. Most of what moves of backends wait for is an
 * rbd-mirror that looks every 5 s; `npm test` and the first lab of the operations have Ceph's defaults.
 */
const LAB_WORDS = {
    faults: ["--load", "20"],
    ceph: ["--bare"],
    takeover: ["--bare"],
    "operations.": ["--brisk"],
};
const labWords = (suite) =>
    Object.entries(LAB_WORDS).find(([start]) => suite.startsWith(start))?.[1] ?? [];
/** Packages of a suite alone, in a folder of their own: nobody else has to install them. */
const PACKAGES = { review: ["test/lab/review/mermaid"] };
const configOf = (name) => ["--config", `.mocharc.${name}.json`];
const pulumi = join(project, "node_modules", ".bin", "pulumi");

/** Runs mocha and resolves to its counts. A run that ends without any counts as one failure. */
async function mocha(args, { env = process.env, show = true } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-test-"));
    const output = join(folder, "counts.json");
    const bin = join(project, "node_modules", "mocha", "bin", "mocha.js");
    const reporter = [
        join(import.meta.dirname, "counting-reporter.cjs"),
        "--reporter-option",
        `output=${output}`,
    ];
    let crash;
    try {
        // --exit: what a failed test left open must not keep the run from ending.
        // CI makes mocha colour its output, terminal or not.
        const colour = process.stdout.isTTY ? [] : ["--no-color"];
        const words = [bin, ...args, ...colour, "--exit", "--reporter", ...reporter];
        await run(process.execPath, words, { cwd: project, env, inherit: show }).catch(
            (error) => (crash = error),
        );
        const { titles, ...counts } = JSON.parse(readFileSync(output, "utf8"));
        return { ...withCrash(counts, crash), titles };
    } catch {
        const reason = `mocha ${args.join(" ")} ended without a result: ${crash?.message ?? "no counts"}`;
        progress.line(reason);
        return { ...oneFailure(reason), titles: [] };
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

async function goTests() {
    const { command, env } = await provideGo(cacheFolder, process.env, progress);
    const results = [];
    for (const module of ["cli", "openstack"]) {
        progress.line(`go test: toolchain/go/${module}`);
        let output = "";
        const cwd = join(import.meta.dirname, "go", module);
        const onLine = (line) => (output += `${line}\n`);
        const status = () => `still in go test: toolchain/go/${module}`;
        // The same tags as the build, so that what the build compiled is not compiled again.
        const words = ["test", "-json", "-trimpath", "-tags", "osusergo,grpcnotrace", "./..."];
        const error = await run(command, words, { cwd, env, progress, onLine, status }).then(
            () => undefined,
            (e) => e,
        );
        if (error) progress.line(`go test: ${error.message}`);
        results.push(withCrash(countGoTests(output), error));
    }
    return addCounts(results);
}

/** What a machine that makes no network of its own for a lane runs one after the other, in one lab. */
async function inTurn(suites) {
    const waiting = [...suites];
    const results = [];
    for (const suite of due(waiting)) {
        const work = openLab(makeLab(suite)).then((env) => mocha(configOf(suite), { env }));
        results.push(
            await work.catch((error) => {
                progress.line(`${suite} failed: ${error.message}`);
                return oneFailure(`${suite}: ${error.message}`);
            }),
        );
    }
    return { results, late: waiting };
}

/** Each is named, and counts as one: without its kind of lab its tests cannot be listed. */
function tooLate(suites) {
    for (const suite of suites) progress.line(`${suite}: SKIPPED, it was too late to begin it`);
    return { passed: 0, failed: 0, skipped: suites.length };
}

const obstaclesOfLab = () => labObstacles(inspectMachine());

/** Anew, whatever was left there: a volume that somebody made by hand keeps its type from being destroyed. */
async function makeLab(suite) {
    if (obstaclesOfLab().length > 0) return;
    const words = ["reset", "--up", ...labWords(suite)];
    await run(process.execPath, [join(project, "lab", "lab.mjs"), ...words], { inherit: true });
}

/** Opens the stack of a lab when that is up. @returns the environment of its tests */
async function openLab(lab) {
    await lab;
    const env = labEnvironment();
    await openStack({ project, pulumi, env, progress });
    return env;
}

/**
 * @param suite name of the mocha configuration whose tests need the lab
 * @param lab resolves when it is up
 * @param others those that run beside it
 */
async function labTests(suite, lab, others) {
    const obstacles = obstaclesOfLab();
    const beside = besides(suite, others);
    if (obstacles.length === 0) {
        const env = await openLab(lab);
        const own = mocha(configOf(suite), { env });
        const canLane = beside.length > 0 && hasLanes(progress);
        const lanes = canLane ? inLanes(beside, own, progress) : own.then(() => inTurn(beside));
        const [counts, { results, late }] = await Promise.all([own, lanes]);
        return addCounts([counts, ...results, tooLate(late)]);
    }
    if (process.env.CI)
        throw new Error(`the lab must run where CI is set: ${obstacles.join("; ")}`);
    const titles = [];
    for (const name of [suite, ...beside])
        titles.push(...(await mocha([...configOf(name), "--dry-run"], { show: false })).titles);
    for (const title of titles) console.log(`  - skipped: ${title}`);
    console.log(obstacles.map((obstacle) => `    ${obstacle}`).join("\n"));
    return { passed: 0, failed: 0, skipped: titles.length };
}

/** What `npm test` runs; the fault matrix takes longer than a push can wait for, and is a suite of its own. */
async function everything(step, parts, lab) {
    await lab.catch(() => {}); // It takes both cores, and tests of pure code have short limits.
    await step("tests without the lab", () => mocha([]));
    await step("tests of the host file and of long texts", () => mocha(configOf("host")));
    await Promise.all([
        // The Go parts are ours only where they were built; where the official ones are, there may be no Go either.
        parts.some(({ origin }) => origin === "built") && step("tests of the built parts", goTests),
        step("tests with the lab", () => labTests("lab", lab)),
    ]);
}

/** Where the parts of the fault matrix meet; a lane has its parent's. */
async function withMatrix(work) {
    const isThere = [SUITE, ...OTHERS].some((suite) => suite?.startsWith("faults"));
    if (!isThere || process.env.CINDER_DR_MATRIX) return work();
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-matrix-"));
    process.env.CINDER_DR_MATRIX = join(folder, "rows");
    return work().finally(() => rmSync(folder, { recursive: true, force: true }));
}

async function main() {
    const obstacle = nodeObstacle(process.versions.node);
    if (obstacle) throw new Error(obstacle);
    const late = OTHERS.find((suite) => NETWORKED.includes(suite));
    if (late) throw new Error(`${late} must be the first of the suites: it installs packages`);
    const warning = nodeWarning();
    if (warning) progress.line(warning);
    await installPackages(project, progress);
    for (const folder of PACKAGES[SUITE] ?? [])
        await installPackages(join(project, folder), progress);
    const results = [];
    /** A broken step is a failure of its own; the steps after it are still tried. */
    const step = async (name, work) => {
        progress.line(name);
        const counts = await work().catch((error) => {
            progress.line(`${name} failed: ${error.message}`);
            return oneFailure(`${name}: ${error.message}`);
        });
        if (counts) results.push(counts);
        return counts;
    };
    const parts = [];
    // Beside the toolchain: both wait for packages. What came of it, the tests that need it say.
    const lab = makeLab(SUITE ?? "lab");
    lab.catch(() => {});
    await step(
        "toolchain",
        async () => void parts.push(...(await ensure({}, createProgress("toolchain")))),
    );
    if (SUITE)
        await step(`${[SUITE, ...OTHERS].join(", ")}, with the lab`, () =>
            withMatrix(() => labTests(SUITE, lab, OTHERS)),
        );
    else await everything(step, parts, lab);
    const total = addCounts(results);
    console.log(`\n${summary(total)}`);
    process.exitCode = exitCode(total);
}

main().catch((error) => {
    console.error(`npm test: ${error.message}`);
    process.exit(1);
});
