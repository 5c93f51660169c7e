import type { Finding, State } from "../core/finding";

const MARKS: Record<State, string> = { ok: "ok     ", warning: "warning", problem: "PROBLEM" };

/** One finding as a line of plain text; a problem's next action stands on a second line. */
export function formatFinding({ state, subject, fact, next, seconds }: Finding): string {
    const time = seconds === undefined ? "" : ` (${seconds.toFixed(1)} s)`;
    const line = `${MARKS[state]} ${subject}: ${fact}${time}`;
    return next === undefined ? line : `${line}\n        next: ${next}`;
}

/** Shows on a terminal what is being waited for, on one line that the next output replaces. */
export class Progress {
    private timer: NodeJS.Timeout | undefined;

    constructor(private readonly out: NodeJS.WriteStream) {}

    show(what: string): void {
        this.clear();
        if (!this.out.isTTY) return;
        const start = Date.now();
        const draw = () => {
            const seconds = Math.round((Date.now() - start) / 1000);
            this.out.write(`\r\u001b[K… ${what} (${String(seconds)} s)`);
        };
        draw();
        this.timer = setInterval(draw, 1000);
        this.timer.unref();
    }

    clear(): void {
        if (this.timer === undefined) return;
        clearInterval(this.timer);
        this.timer = undefined;
        this.out.write("\r\u001b[K");
    }
}
