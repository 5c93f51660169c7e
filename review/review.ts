import { isAbsolute, join } from "node:path";

import type { Topology } from "../core/topology";
import { changedSince, fileAt, fileNow } from "./base";
import type { Declared } from "./declared";
import { declaredBy } from "./declaredBy";
import { judge, type Review } from "./judge";
import type { Live } from "./live";
import { secretsOf } from "./mask";
import { runPreview } from "./preview";
import { BaseError, type StackFile } from "./stackFile";

export interface ReviewOptions {
    /** Folder with Pulumi.yaml. */
    folder: string;
    stack: string;
    /** The stack's file. Defaults to `Pulumi.<stack>.yaml`. */
    configFile?: string;
    /** Commit that the change is compared with, beside the stack's state. */
    base?: string;
    policyPacks: string[];
    policyPackConfigs: string[];
    /** Names of risks that somebody accepts. */
    accept: string[];
    /** Limit of the preview. */
    seconds: number;
    env: NodeJS.ProcessEnv;
    /** Told what is being waited for. */
    doing: (what: string) => void;
    /** Reads what the cloud says of the change, after it is known what that is. */
    look?: (review: Review, now: Topology | undefined, base: Topology | undefined) => Promise<Live>;
}

/** What the topology says where the preview cannot; a file that is wrong has been refused by the preview already. */
function nowIfRight(file: string, secrets: readonly string[]): StackFile | undefined {
    try {
        return fileNow(file, secrets);
    } catch (error) {
        if (error instanceof BaseError) return undefined;
        throw error;
    }
}

const declaredIn = ({ topology, beside }: StackFile): Declared => ({
    ...declaredBy(topology),
    beside,
});

/**
 * Runs the preview of a stack and judges it. Nothing is changed anywhere.
 * @throws BaseError when the base has no such topology
 */
export async function review(options: ReviewOptions): Promise<Review> {
    const { folder, stack, base, accept, env, doing, look } = options;
    const short = stack.split("/").at(-1) ?? stack;
    const file = options.configFile ?? `Pulumi.${short}.yaml`;
    const secrets = secretsOf(env);
    // Before the preview: a mistake of the command line is told at once.
    const earlier = base === undefined ? undefined : await fileAt(base, file, folder, secrets);
    const judges = [...options.policyPacks, ...options.policyPackConfigs];
    const packFiles = base === undefined ? [] : await changedSince(base, judges, folder);
    doing(`pulumi preview of ${stack}`);
    const preview = await runPreview({
        folder,
        stack,
        ...(options.configFile === undefined ? {} : { configFile: options.configFile }),
        policyPacks: options.policyPacks,
        policyPackConfigs: options.policyPackConfigs,
        secrets,
        seconds: options.seconds,
    });
    const now = nowIfRight(isAbsolute(file) ? file : join(folder, file), secrets);
    const given = {
        stack: preview.project === "" ? stack : `${preview.project}/${short}`,
        preview,
        packs: options.policyPacks.length,
        packFiles,
        accept,
        ...(base === undefined || earlier === undefined
            ? {}
            : { base: { ref: base, declared: declaredIn(earlier) } }),
        ...(now === undefined ? {} : { now: declaredIn(now) }),
    };
    const judged = judge(given);
    if (look === undefined) return judged;
    doing("what the cloud says of the change");
    return judge({ ...given, live: await look(judged, now?.topology, earlier?.topology) });
}
