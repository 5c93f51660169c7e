/**
 * Aborts on the first Ctrl-C or SIGTERM, so that what was made is taken back; a second one ends at once.
 * @param left what a second one leaves behind
 */
export function interruptible(left: string): AbortSignal {
    const controller = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
            process.stderr.write(
                `\n${signal}: cleaning up; once more ends at once and leaves ${left}\n`,
            );
            controller.abort();
        });
    return controller.signal;
}
