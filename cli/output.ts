import type { Finding } from "../core/finding";
import { formatFinding, Progress } from "./print";

/** What a verb says while it runs: lines at once, or, for `--json`, nothing before its one object. */
export class Output {
    readonly findings: Finding[] = [];
    private readonly progress = new Progress(process.stderr);

    constructor(private readonly json: boolean) {}

    readonly say = (line: string): void => {
        this.progress.clear();
        if (!this.json) console.log(line);
    };

    readonly found = (finding: Finding): void => {
        this.findings.push(finding);
        this.say(formatFinding(finding));
    };

    /** Shows on a terminal what is being waited for. */
    readonly doing = (what: string): void => {
        this.progress.show(what);
    };

    /** Ends what {@link doing} shows. */
    clear(): void {
        this.progress.clear();
    }
}
