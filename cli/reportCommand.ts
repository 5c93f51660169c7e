import type { Command } from "commander";

import { renderReport, reportOf } from "../core/report";
import {
    journalFolder,
    JournalError,
    readJournal,
    readJournals,
} from "../operations/journalFolder";
import { ExitCode, type Done } from "./exitCode";
import { formatFinding } from "./print";

interface ReportFlags {
    json?: boolean;
}

function printList(json: boolean): void {
    const { journals, unread } = readJournals();
    const reports = journals.map(reportOf);
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
                const report = reportOf(entries);
                console.log(
                    json
                        ? JSON.stringify({ verb: "report", ok: true, report })
                        : renderReport(report),
                );
            }
            done(ExitCode.Ok);
        });
