import * as pulumi from "@pulumi/pulumi";

import { ProblemsError } from "../core/problem";

/**
 * Runs a check of plain input. Its problems stop the program before any resource is declared, without the stack
 * trace that the engine prints for other errors: what the user typed is at fault, not the code.
 */
export function refuse<T>(check: () => T): T {
    try {
        return check();
    } catch (error) {
        if (error instanceof ProblemsError) throw new pulumi.RunError(error.message);
        throw error;
    }
}

/** Ends the program from within an output. A logged error lets deletions go on, a rejected promise waits for a minute. */
export const stop = (message: string): void => {
    queueMicrotask(() => {
        throw new pulumi.RunError(message);
    });
};
