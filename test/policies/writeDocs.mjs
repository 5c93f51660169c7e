// Writes the generated parts of docs/policies.md anew: `node test/policies/writeDocs.mjs`
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
require("../../toolchain/register.js");
const { renderPage } = require("../../policies/docs.ts");
const { wrongStacks } = require("./wrongStacks.ts");

const page = new URL("../../docs/policies.md", import.meta.url);
writeFileSync(page, renderPage(readFileSync(page, "utf8"), wrongStacks()));
