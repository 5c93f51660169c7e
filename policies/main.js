"use strict";

const { existsSync } = require("node:fs");
const { join } = require("node:path");

// In the checkout the TypeScript sources stand beside this file and are what runs: a bundle could be stale.
// Pulumi has registered ts-node before; the project's own loader replaces it and checks no types at every start.
// The package carries the bundle alone.
if (existsSync(join(__dirname, "pack.ts"))) {
    require("../toolchain/register.js");
    require("./pack.ts");
} else {
    require("./dist/pack.js");
}
