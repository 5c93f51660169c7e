import { strict as assert } from "node:assert";
import { execFile, execFileSync } from "node:child_process";
import {
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { rules } from "../../policies/index";
import { WRONG, wrongStacks } from "../policies/wrongStacks";
import { labEnvironment, STACK, type Run } from "./support";

const PROJECT = join(__dirname, "../..");
const PACK = join(PROJECT, "policies");
const RIGHT = join(PROJECT, "examples/odd-but-right");
const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-policies-"));
after(() => {
    rmSync(scratch, { recursive: true });
});

/** Wrong stacks have a state of their own, and no cloud: nothing of them may get that far. */
const elsewhere = (): NodeJS.ProcessEnv => ({
    ...process.env,
    PULUMI_BACKEND_URL: `file://${scratch}`,
    PULUMI_CONFIG_PASSPHRASE: "of nobody",
    PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    OS_CLOUD: undefined,
    OS_AUTH_URL: "https://keystone.invalid:5000/v3",
    OS_USERNAME: "nobody",
    OS_PASSWORD: "of nobody",
    OS_PROJECT_NAME: "none",
});

function pulumi(cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<Run> {
    const words = [...args, "--non-interactive", "--color", "never"];
    const options = { cwd, env, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 };
    return new Promise((resolve) => {
        const program = join(PROJECT, "node_modules/.bin/pulumi");
        execFile(program, words, options, (error, stdout, stderr) => {
            const code = error === null ? 0 : typeof error.code === "number" ? error.code : 255;
            resolve({ code, stdout, output: stdout + stderr });
        });
    });
}

/** What the engine printed of one policy: its level, and the sentences below it. */
const saysOf = (output: string, rule: string): string[] =>
    output
        .split(/^(?= {8}- \[)/m)
        .filter((part) => part.includes(`  ${rule}  (`))
        .flatMap((part) => part.split("\n").map((line) => line.trim()));

/** @param refusal `rule: message` */
function assertSays(output: string, refusal: string): void {
    const [rule = "", ...message] = refusal.split(": ");
    const [head, ...said] = saysOf(output, rule);
    assert.ok(said.includes(message.join(": ")), `${refusal}\n${output}`);
    const level = rules.find(({ name }) => name === rule)?.level ?? "";
    assert.ok(head?.includes(`[${level}]`), output);
}

/** What the engine says of the stack in a folder with a pack. */
async function judged(pack: string, folder: string, stack: string, verb: string[]): Promise<Run> {
    const file = join(folder, `Pulumi.${stack}.yaml`);
    const inStack = (...args: string[]) => pulumi(folder, elsewhere(), ...args, "--stack", stack);
    try {
        writeFileSync(file, `config:\n    ${stack}:keyring: of nobody\n`);
        // One that is there already is used again.
        await inStack("stack", "init");
        return await inStack(...verb, "--policy-pack", pack);
    } finally {
        rmSync(file);
    }
}

const refusedBy = (pack: string, name: string, verb: string[]): Promise<Run> =>
    judged(pack, join(WRONG, name), `wrong-${name}`, verb);

const labPreview = (...flags: string[]): Promise<Run> =>
    pulumi(PROJECT, labEnvironment(), "preview", "--stack", STACK, "--policy-pack", PACK, ...flags);

interface StackFile {
    config: Record<string, unknown>;
}

const labFile = (): StackFile =>
    parse(readFileSync(join(PROJECT, `Pulumi.${STACK}.yaml`), "utf8")) as StackFile;

/** A stack file like the lab's but for its exemptions. */
function withExemptions(exemptions: unknown[]): string {
    const file = join(scratch, "Pulumi.exemptions.yaml");
    const { config, ...rest } = labFile();
    writeFileSync(
        file,
        stringify({ ...rest, config: { ...config, "cinder-dr:exemptions": exemptions } }),
    );
    return file;
}

describe("the policy pack and the lab's stack", () => {
    it("passes the lab's stack and lists its exemption", async () => {
        const { code, output } = await labPreview();
        assert.equal(code, 0, output);
        assert.match(output, /exempts 'replicated' from volume-type-is-protected until /);
    });

    it("fails the lab's stack without its exemption, and with an expired one", async () => {
        const none = await labPreview("--config-file", withExemptions([]));
        assert.notEqual(none.code, 0);
        assert.ok(
            saysOf(none.output, "volume-type-is-protected").includes(
                "'replicated' is not protected; set the resource option protect: true",
            ),
            none.output,
        );
        const expired = {
            rule: "volume-type-is-protected",
            resource: "replicated",
            reason: "lab",
            expires: "2020-01-31",
        };
        const late = await labPreview("--config-file", withExemptions([expired]));
        assert.notEqual(late.code, 0);
        assert.match(
            late.output,
            /expired on 2020-01-31; repair the resource, or renew the exemption/,
        );
    });

    it("takes levels and settings, and refuses settings of the wrong kind", async () => {
        const config = join(scratch, "policies.json");
        const judge = (settings: object) => {
            writeFileSync(config, JSON.stringify(settings));
            return labPreview("--policy-pack-config", config, "--config-file", withExemptions([]));
        };
        const off = await judge({ "volume-type-is-protected": "advisory" });
        assert.equal(off.code, 0, off.output);
        const excluded = await judge({ "volume-type-is-protected": { exclude: ["repl*"] } });
        assert.equal(excluded.code, 0, excluded.output);
        const wrong = await judge({ "connect-timeouts-are-short": { maximumSeconds: "5" } });
        assert.notEqual(wrong.code, 0);
        assert.match(wrong.output, /maximumSeconds/);
    });
});

describe("the policy pack and a stack that is odd but right", () => {
    it("refuses nothing", async () => {
        const { code, output } = await judged(PACK, RIGHT, "odd-but-right", ["preview"]);
        assert.equal(code, 0, output);
        assert.doesNotMatch(output, /\[mandatory\]/);
    });
});

/** One of each kind; the preview that `up` begins with is the same for all. */
const AT_UP = [
    "lower-case-true",
    "article-stanza",
    "failover-as-resource",
    "hosts-that-differ",
    "one-site",
];

describe("the packed policy pack", () => {
    it("holds plain JavaScript alone, and refuses what the checkout refuses", async () => {
        const env = elsewhere();
        execFileSync("npm", ["pack", "--silent", "--pack-destination", scratch], {
            cwd: PACK,
            env,
        });
        const archive = readdirSync(scratch).find((name) => name.endsWith(".tgz")) ?? "";
        execFileSync("tar", ["-xzf", join(scratch, archive), "-C", scratch]);
        const pack = join(scratch, "package");
        const files = readdirSync(pack, { recursive: true, encoding: "utf8" }).sort();
        assert.deepEqual(files, [
            "LICENSE",
            "PulumiPolicy.yaml",
            "README.md",
            "dist",
            "dist/pack.js",
            "main.js",
            "package.json",
        ]);
        symlinkSync(join(PROJECT, "node_modules"), join(pack, "node_modules"));
        const { code, output } = await refusedBy(pack, "article-stanza", ["preview"]);
        assert.notEqual(code, 0, output);
    });
});

describe("the policy pack and wrong stacks under the real engine", () => {
    for (const { name, refusals } of wrongStacks()) {
        const verbs = [["preview"], ...(AT_UP.includes(name) ? [["up", "--yes"]] : [])];
        it(`refuses ${name} at ${verbs.map(([verb]) => verb).join(" and at ")}`, async () => {
            for (const verb of verbs) {
                const { code, output } = await refusedBy(PACK, name, verb);
                assert.notEqual(code, 0, output);
                assert.doesNotMatch(output, / created$/m);
                for (const refusal of refusals) assertSays(output, refusal);
            }
        });
    }
});
