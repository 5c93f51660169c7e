import type { Finding } from "../../core/finding";
import type { RunOptions } from "../../operations/run";
import { partsOf } from "./parts";
import { backend, view } from "./survey";

/** What an operation is started with that nobody interrupts and nobody has agreed to a loss of. */
export const runOptions = (found: Finding[]): RunOptions => ({
    parts: partsOf(view({})),
    backend,
    signal: new AbortController().signal,
    found: (one) => found.push(one),
    doing: () => undefined,
    planned: () => undefined,
    accepted: new Map<string, number>(),
    version: "1",
});
