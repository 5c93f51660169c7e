/**
 * One changed cinder.conf each of more and more hosts: what a host adds to `pulumi up`, in seconds and in memory.
 * Needs the lab with its twenty light hosts (`npm run lab -- up --load 20`), which share the names among them.
 */
import { timed } from "./clock";
import { BenchStack, checkRestarts, env, prepare, targets } from "./lightHosts";

const COUNTS = process.argv.slice(2).map(Number);
if (COUNTS.length === 0) COUNTS.push(20, 60, 100);

/** Writes the kilobytes of the largest process that a command waited for, getrusage(2), to descriptor 3. */
const PEAK = `
import os, resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
os.write(3, b"%d" % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
`;

function measured(stack: BenchStack, file: string): { seconds: number; megabytes: number } {
    const { command, args } = stack.up(file);
    let peak = "";
    const seconds = timed("python3", ["-c", PEAK, command, ...args], {
        env,
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        onEnd: (output) => (peak = String(output[3])),
    });
    return { seconds, megabytes: Number(peak) / 1024 };
}

for (const count of COUNTS) {
    const hosts = targets(count);
    const stack = new BenchStack(`names-${String(count)}`, hosts);
    prepare(hosts);
    const rollout = { canary: 1, batch: 20 };
    const show = (what: string, { seconds, megabytes }: ReturnType<typeof measured>) => {
        const each = (1000 * seconds) / count;
        console.log(
            `${String(count).padStart(4)} hosts, ${what.padEnd(15)} ${seconds.toFixed(1)} s, ${each.toFixed(0)} ms a host; largest process ${megabytes.toFixed(0)} MB`,
        );
    };
    show("first push", measured(stack, stack.file(6, rollout)));
    show("changed", measured(stack, stack.file(7, rollout)));
    show("nothing changed", measured(stack, stack.file(7, rollout)));
    checkRestarts(hosts, 2);
}
