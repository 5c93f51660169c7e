import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import type * as automation from "@pulumi/pulumi/automation";

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

/** Loaded when it is used: it takes half a second, and no other verb needs Pulumi. */
const pulumi = (): typeof automation =>
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import is done at the start
    require("@pulumi/pulumi/automation") as typeof automation;

/** `npx` puts the project's own commands first; a direct `node cli/bin.js` must find the same pulumi. */
function preferOwnPulumi(folder: string): void {
    const own = join(folder, "node_modules/.bin");
    if (existsSync(join(own, "pulumi")))
        process.env.PATH = [own, process.env.PATH ?? ""].join(delimiter);
}

/** The command line's own errors, which the engine had no part in: a stack that is missing, a wrong passphrase. */
function commandErrors(error: Error): string[] {
    const said = [...error.message.matchAll(/^error: (.+)$/gm)].map(([, text = ""]) => text);
    return said.length > 0 ? said : ["pulumi preview ended without a reason"];
}

/**
 * Runs the real preview with its policy packs, and reads what the engine reports. It changes nothing and connects to
 * no host. A failure is part of the answer: see {@link Preview.errors} and {@link Preview.complete}.
 */
export async function runPreview(options: PreviewOptions): Promise<Preview> {
    const { folder, stack, configFile, policyPacks, policyPackConfigs, secrets, seconds } = options;
    preferOwnPulumi(folder);
    const { CommandError, LocalWorkspace, Stack } = pulumi();
    const workspace = await LocalWorkspace.create({ workDir: folder });
    // `pulumi stack select` would change which stack the user's own next command works on.
    workspace.selectStack = () => Promise.resolve();
    const preview = emptyPreview((await workspace.projectSettings()).name);
    try {
        const selected = await Stack.select(stack, workspace);
        await selected.preview({
            color: "never",
            policyPacks,
            policyPackConfigs,
            ...(configFile === undefined ? {} : { configFile }),
            signal: AbortSignal.timeout(seconds * 1000),
            onEvent: (event) => {
                readEvent(preview, event, secrets);
            },
        });
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
