import type { EngineEvent } from "@pulumi/pulumi/automation";

import { maskText, maskValue } from "./mask";

/** What a resource is like before or after a step; secrets are hidden in it already. */
export interface ResourceState {
    inputs: Record<string, unknown>;
    protect: boolean;
    retainOnDelete: boolean;
}

/** One thing that `pulumi up` would do with one resource. */
export interface Step {
    /** Pulumi's word, e.g. `same`, `create`, `delete-replaced`. */
    op: string;
    urn: string;
    type: string;
    name: string;
    parent: string;
    before?: ResourceState;
    after?: ResourceState;
    /** Paths that the engine calls different; some of them are of secrets. */
    diffs: string[];
}

/** One thing that a policy says. */
export interface PolicyResult {
    policy: string;
    pack: string;
    /** `advisory`, `mandatory` or `remediate`. */
    level: string;
    severity: string;
    /** Name of the resource, empty for the stack. */
    resource: string;
    message: string;
}

/** Everything a preview told. */
export interface Preview {
    /** The project's name, as Pulumi.yaml gives it. */
    project: string;
    steps: Step[];
    policies: PolicyResult[];
    /** Policy packs that ran, with their versions. */
    packs: string[];
    errors: string[];
    warnings: string[];
    /** Whether the engine came to its own end. */
    complete: boolean;
    /** Whether `pulumi preview` exited with an error. */
    failed: boolean;
    /** The engine's own doubt about the state. */
    corrupt: boolean;
    /** How many steps of each operation the engine says it has, and of which as many were told. */
    counted: Record<string, number>;
    told: Record<string, number>;
}

export const emptyPreview = (project: string): Preview => ({
    project,
    steps: [],
    policies: [],
    packs: [],
    errors: [],
    warnings: [],
    complete: false,
    failed: false,
    corrupt: false,
    counted: {},
    told: {},
});

interface EventState {
    inputs?: Record<string, unknown>;
    protect?: boolean;
    retainOnDelete?: boolean;
    delete?: boolean;
}

interface EventMetadata {
    op: string;
    urn: string;
    type: string;
    /** Whether the engine counts it: a replacement has several steps and counts once. */
    logical?: boolean;
    old?: EventState | null;
    new?: EventState | null;
    diffs?: string[] | null;
    detailedDiff?: Record<string, unknown> | null;
}

/** Fields of events that the SDK's own types lack. */
interface MoreEvents {
    resourcePreEvent?: { metadata: EventMetadata };
    policyEvent?: {
        resourceUrn?: string;
        message: string;
        policyName: string;
        policyPackName: string;
        enforcementLevel: string;
        severity?: string;
    };
    summaryEvent?: {
        maybeCorrupt: boolean;
        resourceChanges?: Record<string, number>;
        PolicyPacks?: Record<string, string>;
        result?: string;
    };
    diagnosticEvent?: { message: string; severity: string };
}

/** `urn:pulumi:STACK::PROJECT::TYPES::NAME`; only the name may hold `::`. */
export const nameIn = (urn: string): string => urn.split("::").slice(3).join("::");

// eslint-disable-next-line no-control-regex -- the engine colours its messages by escape sequences and by marks
const COLOURS = /\u001b\[[0-9;]*m|<\{%[^%]*%\}>/g;

/** Text of the engine, without its colours and without secrets. */
const plain = (text: string, known: readonly string[]): string =>
    maskText(text.replace(COLOURS, ""), known).trim();

function stateOf(
    given: EventState | null | undefined,
    known: readonly string[],
): ResourceState | undefined {
    // One that is pending deletion is what an earlier, broken `up` has left behind.
    if (given === undefined || given === null || given.delete === true) return undefined;
    return {
        inputs: maskValue(given.inputs ?? {}, known) as Record<string, unknown>,
        protect: given.protect ?? false,
        retainOnDelete: given.retainOnDelete ?? false,
    };
}

function stepOf(metadata: EventMetadata, known: readonly string[]): Step {
    const { op, urn, type } = metadata;
    const before = stateOf(metadata.old, known);
    const after = stateOf(metadata.new, known);
    const parent = (metadata.new ?? metadata.old ?? {}) as { parent?: string };
    return {
        op,
        urn,
        type,
        name: maskText(nameIn(urn), known),
        parent: parent.parent ?? "",
        diffs: [
            ...new Set([...Object.keys(metadata.detailedDiff ?? {}), ...(metadata.diffs ?? [])]),
        ].map((path) => maskText(path, known)),
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
    };
}

/** The rule's demand stands on the first line of the engine's message, what is wrong below it. */
const sayingOf = (message: string): string => {
    const [, ...said] = message.split("\n");
    return said.length > 0 ? said.join(" ").trim() : message;
};

/** Adds what one event of the engine tells. Debug diagnostics are never read: they hold secrets in clear. */
export function readEvent(preview: Preview, event: EngineEvent, known: readonly string[]): void {
    const { resourcePreEvent, policyEvent, summaryEvent, diagnosticEvent } =
        event as unknown as MoreEvents;
    if (resourcePreEvent !== undefined) {
        const { metadata } = resourcePreEvent;
        preview.steps.push(stepOf(metadata, known));
        if (metadata.logical === true)
            preview.told[metadata.op] = (preview.told[metadata.op] ?? 0) + 1;
    }
    if (policyEvent !== undefined)
        preview.policies.push({
            policy: policyEvent.policyName,
            pack: policyEvent.policyPackName,
            level: policyEvent.enforcementLevel,
            severity: policyEvent.severity ?? "",
            resource: maskText(nameIn(policyEvent.resourceUrn ?? ""), known),
            message: sayingOf(plain(policyEvent.message, known)),
        });
    if (summaryEvent !== undefined) {
        preview.complete = true;
        preview.corrupt = summaryEvent.maybeCorrupt;
        preview.counted = summaryEvent.resourceChanges ?? {};
        preview.packs = Object.entries(summaryEvent.PolicyPacks ?? {}).map(
            // `NAME|local|PATH` for a pack of this machine.
            ([pack, version]) => `${pack.split("|")[0] ?? pack} ${version}`,
        );
    }
    if (diagnosticEvent?.severity === "error") {
        const text = plain(diagnosticEvent.message, known);
        // The engine's last word of every failure, also of a policy's; what failed is said before it.
        if (text !== "preview failed") preview.errors.push(text);
    }
    if (diagnosticEvent?.severity === "warning")
        preview.warnings.push(plain(diagnosticEvent.message, known));
}

/** Steps that change something. */
export const changedSteps = (steps: readonly Step[]): Step[] =>
    steps.filter(({ op }) => op !== "same" && op !== "read");
