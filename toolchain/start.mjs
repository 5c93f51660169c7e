import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensure, project } from "./ensure.mjs";
import { installPackages } from "./install.mjs";
import { ENV_FILE, labEnvironment, openStack, STACK } from "./labstack.mjs";
import { nodeWarning } from "./node.mjs";
import { inspectMachine, labObstacles, nodeObstacle, WITHOUT_LAB } from "./preconditions.mjs";
import { createProgress, run } from "./progress.mjs";

const progress = createProgress("start");
const times = [];

async function phase(name, work) {
    const began = progress.seconds();
    try {
        await work();
    } catch (error) {
        throw new Error(`${name}: ${error.message}\nRun 'npm start' again to go on from here.`, {
            cause: error,
        });
    }
    const took = progress.seconds() - began;
    times.push(`${name} ${took.toFixed(1)} s`);
    progress.line(`${name} done in ${took.toFixed(1)} s`);
}

const LAB_MADE = "/var/lib/cinder-dr-lab/lab-id";

/** Both wait for the network more than for the processor; their lines carry their names. */
async function toolchainAndLab() {
    const parts = [
        ensure({}, createProgress("toolchain")),
        // A new lab begins with bare clusters, whose Ceph side is the stack's work; one that is there stays as it is.
        run(
            process.execPath,
            [join(project, "lab", "lab.mjs"), "up", ...(existsSync(LAB_MADE) ? [] : ["--bare"])],
            { inherit: true },
        ),
    ];
    const failed = (await Promise.allSettled(parts)).filter(({ status }) => status === "rejected");
    if (failed.length > 0) throw new Error(failed.map(({ reason }) => reason.message).join("\n"));
}

function refuse(obstacles) {
    for (const obstacle of obstacles) console.error(`npm start: ${obstacle}`);
    console.error(WITHOUT_LAB);
    process.exit(2);
}

const SUMMARY = `
What exists now
  two Ceph clusters that mirror rbd images, Keystone, Cinder with two hosts: npm run lab -- status
  the stack '${STACK}': both hosts' cinder.conf with a replication_device, a replicated volume type
What to try next
  . ${ENV_FILE}    # once in a shell; then:
  npx pulumi preview                                 change Pulumi.lab.yaml, and see what would happen
  npx cinder-dr verify --stack ${STACK}                   prove the replication again
  npm run lab -- kill primary                        lose a site; 'npm run lab -- up' brings it back
`;

async function main() {
    const machine = inspectMachine();
    const obstacles = [nodeObstacle(machine.node), ...labObstacles(machine)].filter(Boolean);
    if (obstacles.length > 0) refuse(obstacles);
    const warning = nodeWarning(machine.node);
    if (warning) progress.line(warning);

    await phase("npm packages", () => installPackages(project, progress));
    await phase("toolchain and lab", toolchainAndLab);
    const env = labEnvironment();
    const bin = join(project, "node_modules", ".bin", "pulumi");
    await phase("stack", () => openStack({ project, pulumi: bin, env, progress }));
    const shown = { cwd: project, env, inherit: true };
    await phase("pulumi up", () =>
        run(bin, ["up", "--yes", "--non-interactive", "--stack", STACK], shown),
    );
    await phase("verify", () =>
        run(process.execPath, [join(project, "cli", "bin.js"), "verify", "--stack", STACK], shown),
    );
    console.log(SUMMARY);
    progress.line(`all done: ${times.join(", ")}`);
}

main().catch((error) => {
    console.error(`npm start: ${error.message}`);
    process.exit(1);
});
