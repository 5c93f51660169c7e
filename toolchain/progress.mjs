import { spawn } from "node:child_process";

const TAIL_LINES = 20;

/** Writes lines such as `[ 12.3s] toolchain: building pulumi`, timed from its making. */
export function createProgress(
    label,
    { write = (s) => process.stdout.write(s), now = Date.now } = {},
) {
    const began = now();
    const seconds = () => (now() - began) / 1000;
    return {
        seconds,
        line: (text) => write(`[${seconds().toFixed(1).padStart(6)}s] ${label}: ${text}\n`),
    };
}

/** Splits a stream of chunks into lines; the returned function takes a chunk. */
export function lineSplitter(onLine) {
    let rest = "";
    return (chunk) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop();
        lines.forEach(onLine);
    };
}

const running = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => {
        // A signal sent to this process alone would leave a build behind that nobody watches.
        for (const child of running) child.kill(signal);
        process.exit(signal === "SIGINT" ? 130 : 143);
    });
}

/**
 * Runs a command, with a line from `status` every so often, and resolves to its stdout. A failure shows the command's
 * last lines. `inherit` shows its output as it comes instead.
 */
export function run(command, args, options = {}) {
    const {
        cwd,
        env,
        progress,
        status,
        everySeconds = 10,
        onLine = () => {},
        inherit = false,
    } = options;
    return new Promise((resolve, reject) => {
        const stdio = inherit ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"];
        const child = spawn(command, args, { cwd, env, stdio });
        running.add(child);
        const tail = [];
        let stdout = "";
        const keep = lineSplitter((line) => {
            onLine(line);
            if (tail.push(line) > TAIL_LINES) tail.shift();
        });
        child.stdout?.setEncoding("utf8").on("data", (chunk) => {
            stdout += chunk;
            keep(chunk);
        });
        child.stderr?.setEncoding("utf8").on("data", keep);
        const timer = status && setInterval(() => progress.line(status()), everySeconds * 1000);
        const end = () => {
            running.delete(child);
            clearInterval(timer);
        };
        child.on("error", (error) => {
            end();
            reject(new Error(`${command} could not be started: ${error.message}`));
        });
        child.on("close", (code, signal) => {
            end();
            if (code === 0) return resolve(stdout);
            const how = signal ? `was ended by ${signal}` : `exited with ${code}`;
            const said = tail.length > 0 ? `\n${tail.join("\n").trimEnd()}` : "";
            reject(Object.assign(new Error(`${command} ${args[0] ?? ""} ${how}${said}`), { code }));
        });
    });
}
