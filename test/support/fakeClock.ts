import { mock } from "node:test";

/** Time that passes only where something waits for it: call in a describe, and read and set `now`, in milliseconds. */
export function fakeClock(): { now: number } {
    const clock = { now: 0 };
    beforeEach(() => {
        clock.now = 0;
        mock.method(performance, "now", () => clock.now);
        mock.method(globalThis, "setTimeout", (then: () => void, milliseconds: number) => {
            clock.now += milliseconds;
            setImmediate(then);
        });
    });
    afterEach(() => {
        mock.restoreAll();
    });
    return clock;
}
