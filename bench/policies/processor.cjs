// Loaded into every Node.js of a preview: the engine kills a pack's process, so nobody else can say what it has used.
"use strict";

const { writeFileSync } = require("node:fs");
const { join } = require("node:path");

const SECOND = 1_000_000;
const folder = process.env.CINDER_DR_BENCH_PROCESSOR;

if (folder !== undefined && process.argv[1]?.includes("run-policy-pack")) {
    const note = () => {
        const { user, system } = process.cpuUsage();
        writeFileSync(join(folder, String(process.pid)), String((user + system) / SECOND));
    };
    setInterval(note, 100).unref();
}
