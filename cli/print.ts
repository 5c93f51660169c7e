import type { Finding, State } from "../core/finding";
import { inert } from "../core/named";

const MARKS: Record<State, string> = { ok: "ok     ", warning: "warning", problem: "PROBLEM" };

/** Text of several lines, in which nothing acts on the terminal. */
export const onTerminal = (text: string): string => text.split("\n").map(inert).join("\n");

/** Whatever a text holds, no line of it looks like another finding. */
const indented = (text: string): string => onTerminal(text).replaceAll("\n", "\n        ");

/** One finding as a line of plain text; a problem's next action stands on a second line. */
export function formatFinding({ state, subject, fact, next, seconds }: Finding): string {
    const time = seconds === undefined ? "" : ` (${seconds.toFixed(1)} s)`;
    const line = indented(`${MARKS[state]} ${subject}: ${fact}${time}`);
    return next === undefined ? line : `${line}\n        next: ${indented(next)}`;
}

/** Milliseconds between two lines in a log, where there is no terminal. */
const LOGGED_EVERY = 300_000;

/**
 * Shows on a terminal what is being waited for, on one line that the next output replaces. In a log, a line every five
 * minutes says that a wait of hours is not dead.
 */
export class Progress {
    private timer: NodeJS.Timeout | undefined;
    private logged = Date.now();

    constructor(private readonly out: NodeJS.WriteStream) {}

    show(what: string): void {
        this.clear();
        if (!this.out.isTTY) {
            this.log(what);
            return;
        }
        const start = Date.now();
        const draw = () => {
            const seconds = Math.round((Date.now() - start) / 1000);
            this.out.write(`\r\u001b[K… ${inert(what)} (${String(seconds)} s)`);
        };
        draw();
        this.timer = setInterval(draw, 1000);
        this.timer.unref();
    }

    private log(what: string): void {
        if (Date.now() - this.logged < LOGGED_EVERY) return;
        this.logged = Date.now();
        this.out.write(`… ${what}\n`);
    }

    clear(): void {
        if (this.timer === undefined) return;
        clearInterval(this.timer);
        this.timer = undefined;
        this.out.write("\r\u001b[K");
    }
}
