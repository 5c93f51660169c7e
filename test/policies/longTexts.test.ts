import { strict as assert } from "node:assert";

import { rules } from "../../policies/index";
import { command, type Resource } from "./fixtures";
import { refusals } from "./support";

const LENGTH = 100_000;
const long = (text: string): string => text.repeat(LENGTH / text.length);

/** Texts that a search which tries again at every place would need minutes for. */
const TEXTS: Record<string, string> = {
    "spaces within a value": `[ceph]\nrbd_pool = a${long(" ")}b\n`,
    dashes: `cinder ${long("-")}`,
    "options without end": `cinder --${long("a-")} b`,
    "an option of two long words": `[ceph]\ncinder\n${long("a-")} ${long("b-")}!`,
    "base64 without end": `cinder ${long("QUJD")}`,
    "open parentheses": `cinder ${long("$(")}`,
    backticks: `cinder ${long("`")}`,
    "an open quote": `cinder '${long("a b ")}`,
    brackets: long("[") + " cinder",
    programs: `${long("mysql ")}${long("curl ")}${long("crudini --set ")}`,
    continuations: `[ceph]\nrbd_pool = a\n${long(" x\n")}`,
};

/** Seconds that this process itself has worked, however busy the machine is. */
const worked = async (resource: Resource): Promise<number> => {
    const before = process.cpuUsage();
    await refusals(rules, [resource]);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000_000;
};

describe("the whole pack and long texts", () => {
    for (const [what, text] of Object.entries(TEXTS))
        it(`judges ${what} in seconds`, async () => {
            assert.ok((await worked(command(text, { stdin: text }))) < 5);
        }).timeout(60_000);
});
