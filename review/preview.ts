import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

import type * as automation from "@pulumi/pulumi/automation";

import { hearingWarnings, loadAutomation } from "./automation";
import { maskText } from "./mask";
import { emptyPreview, readEvent, type Preview } from "./steps";

export interface PreviewOptions {
    /** Folder with Pulumi.yaml. */
    folder: string;
    stack: string;
    /** The stack's file, where it is not `Pulumi.<stack>.yaml`. */
    configFile?: string;
    /** Folders of policy packs. */
    policyPacks: string[];
    /** Files with the packs' settings. */
    policyPackConfigs: string[];
    /** Values that must not show. */
    secrets: readonly string[];
    /** Limit of the whole preview. */
    seconds: number;
}

interface PulumiPackage {
    resolve: () => Promise<string>;
}

/**
 * The project's own pulumi comes first, as under `npx`: a direct `node cli/bin.js` must find the same one. It is run
 * itself and not by the npm package's launcher, which is one more Node a command.
 */
async function preferOwnPulumi(folder: string): Promise<void> {
    const launcher = join(folder, "node_modules/pulumi/lib/resolve.js");
    if (!existsSync(launcher)) return;
    const { resolve } = createRequire(launcher)(launcher) as PulumiPackage;
    process.env.PATH = [dirname(await resolve()), process.env.PATH ?? ""].join(delimiter);
}

/** The command line's own errors, which the engine had no part in: a stack that is missing, a wrong passphrase. */
function commandErrors(error: Error): string[] {
    const said = [...error.message.matchAll(/^error: (.+)$/gm)].map(([, text = ""]) => text);
    // The command says it on stderr, and the Automation API once more.
    return said.length > 0 ? [...new Set(said)] : ["pulumi preview ended without a reason"];
}

/**
 * Runs the real preview with its policy packs, and reads what the engine reports. It changes nothing and connects to
 * no host. A failure is part of the answer: see {@link Preview.errors} and {@link Preview.complete}.
 */
export async function runPreview(options: PreviewOptions): Promise<Preview> {
    const { folder, stack, configFile, policyPacks, policyPackConfigs, secrets, seconds } = options;
    await preferOwnPulumi(folder);
    const { CommandError, LocalWorkspace, Stack } = loadAutomation();
    const workspace = await LocalWorkspace.create({ workDir: folder });
    // `pulumi stack select` would change which stack the user's own next command works on.
    workspace.selectStack = () => Promise.resolve();
    const preview = emptyPreview((await workspace.projectSettings()).name);
    const missed = () => {
        const text = "the engine told something that this version cannot read";
        if (!preview.errors.includes(text)) preview.errors.push(text);
    };
    try {
        const selected = await Stack.select(stack, workspace);
        const options: automation.PreviewOptions = {
            color: "never",
            policyPacks,
            policyPackConfigs,
            ...(configFile === undefined ? {} : { configFile }),
            signal: AbortSignal.timeout(seconds * 1000),
            onEvent: (event) => {
                readEvent(preview, event, secrets);
            },
        };
        await hearingWarnings(missed, () => selected.preview(options));
    } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        preview.failed = true;
        const errors = commandErrors(error)
            .filter((text) => text !== "preview failed")
            .map((text) => maskText(text, secrets));
        // The engine has said itself what failed, or a policy has.
        if (preview.errors.length === 0 && !preview.complete) preview.errors.push(...errors);
    }
    return preview;
}
