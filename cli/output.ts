import type { Finding } from "../core/finding";
import { unreadJournals } from "../operations/journalFolder";
import { completeAll, type Complete } from "./completing";
import { formatFinding, onTerminal, Progress } from "./print";

/** What a verb says while it runs: lines at once, or, for `--json`, nothing before its one object. */
export class Output {
    readonly findings: Finding[] = [];
    private readonly progress = new Progress(process.stderr);

    /** @param complete for the commands in all that is said */
    constructor(
        private readonly json: boolean,
        private readonly complete: Complete,
    ) {}

    /** Of a verb that searches the journals of this machine: those that it must leave out are told first. */
    static overJournals(json: boolean, complete: Complete): Output {
        const out = new Output(json, complete);
        unreadJournals().forEach(out.found);
        return out;
    }

    readonly say = (line: string): void => {
        this.progress.clear();
        if (!this.json) console.log(onTerminal(this.complete(line)));
    };

    readonly found = (finding: Finding): void => {
        this.findings.push(completeAll(finding, this.complete));
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
