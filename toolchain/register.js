// Lets Node load this project's TypeScript: transpiled when it is loaded, never type-checked, never stale.
// sucrase/register would do, but it transpiles again at every start, half of what a program's start then costs;
// here the result is kept under a hash of the source.
"use strict";

const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join } = require("node:path");

const MODULES = join(__dirname, "../node_modules");
const CACHE = join(MODULES, ".cache/cinder-dr");
const SUCRASE = JSON.parse(readFileSync(join(MODULES, "sucrase/package.json"), "utf8")).version;

/** Line numbers stay as they are in the source, so stack traces need no source map. */
const transpile = (source, filename) =>
    require("sucrase").transform(source, {
        transforms: ["typescript", "imports"],
        filePath: filename,
    }).code;

function compiled(source, filename) {
    const hash = createHash("sha256").update(SUCRASE).update("\0").update(source).digest("hex");
    const kept = join(CACHE, `${hash}.js`);
    try {
        return readFileSync(kept, "utf8");
    } catch {
        // Not there yet.
    }
    const code = transpile(source, filename);
    try {
        mkdirSync(CACHE, { recursive: true });
        const whole = `${kept}.${process.pid}`;
        writeFileSync(whole, code);
        renameSync(whole, kept);
    } catch {
        // A read-only checkout works too, only slower.
    }
    return code;
}

Module._extensions[".ts"] = (module, filename) => {
    module._compile(compiled(readFileSync(filename, "utf8"), filename), filename);
};
