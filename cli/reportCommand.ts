import type { Command } from "commander";

import { begunOf, type JournalEntry } from "../core/operation";
import { renderReport, reportOf, type Report } from "../core/report";
import {
    journalFolder,
    JournalError,
    readJournal,
    readJournals,
} from "../operations/journalFolder";
import { completeAll, completingFor } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { formatFinding } from "./print";

interface ReportFlags {
    json?: boolean;
}

/** Whoever reads it next week has no other source at hand than the journal's. */
const wholeReport = (entries: readonly JournalEntry[]): Report =>
    completeAll(reportOf(entries), completingFor(begunOf(entries)));

function printList(json: boolean): void {
    const { journals, unread } = readJournals();
    const reports = journals.map(wholeReport);
    if (json) {
        const operations = reports;
        console.log(JSON.stringify({ verb: "report", ok: true, operations, findings: unread }));
        return;
    }
    for (const finding of unread) console.log(formatFinding(finding));
    for (const { id, verb, who, outcome } of reports)
        console.log(`${id}  ${verb}  ${who}  ${outcome}`);
    if (reports.length + unread.length === 0)
        console.log(`no operation is recorded in ${journalFolder()}`);
}

export const reportCommand = (root: Command, done: Done): Command =>
    root
        .command("report")
        .description(
            "render an operation's journal as Markdown: who, consents, steps, RTO, RPO, what is left",
        )
        .argument("[id]", "the operation (without it: the list of all)")
        .option("--json", "one JSON object on stdout instead of Markdown")
        .addHelpText(
            "after",
            "\nJournals lie in $CINDER_DR_JOURNALS, else $XDG_STATE_HOME/cinder-dr, else ~/.local/state/cinder-dr.\n",
        )
        .action((id: string | undefined, { json = false }: ReportFlags) => {
            if (id === undefined) printList(json);
            else {
                const entries = readJournal(id);
                if (entries.length === 0) throw new JournalError(`the journal '${id}' is empty`);
                const report = wholeReport(entries);
                console.log(
                    json
                        ? JSON.stringify({ verb: "report", ok: true, report })
                        : renderReport(report),
                );
            }
            done(ExitCode.Ok);
        });
