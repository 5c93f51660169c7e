import { existsSync, readFileSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";

import { driftFileName, NO_DRIFT, parseDriftRecord } from "../core/drift/record";
import type { DriftEntry, DriftRecord } from "../core/drift/record";
import { refuse } from "./refuse";

/** What `cinder-dr drift --record` wrote for this stack beside its stack file; nothing when there is no such file. */
export function recordedDrift(stack = pulumi.getStack()): DriftRecord {
    const file = driftFileName(stack);
    if (!existsSync(file)) return NO_DRIFT;
    return refuse(() => parseDriftRecord(file, readFileSync(file, "utf8")));
}

/**
 * Makes an update of a command whose host drifted. A command has no read, so a difference of inputs is the only way:
 * the shell's null command before `create` while the drift is recorded, ignored when it goes again. What an update runs is
 * `update`. A further word would not fit the sudoers line, where a resource is made while its drift is recorded.
 */
export const commandOf = (entry: DriftEntry | undefined, line: string) => ({
    create: entry?.digest === undefined ? line : `: drift-${entry.digest}; ${line}`,
    update: line,
});

/** The resource option that belongs to {@link commandOf}. */
export const ignoredChanges = (entry: DriftEntry | undefined): { ignoreChanges?: string[] } =>
    entry?.digest === undefined ? { ignoreChanges: ["create"] } : {};

/** Says in the preview, at the resource it concerns, what drifted and what becomes of it. */
export function tellDrift(entry: DriftEntry | undefined, resource: pulumi.Resource): void {
    if (entry === undefined) return;
    const { at, repairs, byHand } = entry;
    const say = (text: string) => void pulumi.log.warn(`cinder-dr: ${text}`, resource);
    if (repairs.length > 0)
        say(`drifted, seen ${at}, repaired by this update: ${repairs.join("; ")}`);
    if (byHand.length > 0)
        say(
            `drifted, seen ${at}, not repaired by an update (see \`cinder-dr drift\`): ${byHand.join("; ")}`,
        );
}
