/**
 * Aborts on the first Ctrl-C or SIGTERM; a second one ends at once.
 * @param says what the first one does
 */
export function interruptible(says: string): AbortSignal {
    const controller = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
            process.stderr.write(`\n${signal}: ${says}\n`);
            controller.abort();
        });
    return controller.signal;
}

/**
 * {@link interruptible} for a verb that takes back what it made.
 * @param left what a second signal leaves behind
 */
export const cleaningUp = (left: string): AbortSignal =>
    interruptible(`cleaning up; once more ends at once and leaves ${left}`);
