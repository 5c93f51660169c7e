#!/usr/bin/env node
"use strict";

const { existsSync } = require("node:fs");
const { join } = require("node:path");

// A checkout runs its sources, so that it is never stale; the published package has only the build.
const fromSources = existsSync(join(__dirname, "main.ts"));
if (fromSources) require("../toolchain/register.js");
const { main } = require(fromSources ? "./main.ts" : "../dist/cli/main.js");

main(process.argv).then((code) => {
    process.exitCode = code;
});
