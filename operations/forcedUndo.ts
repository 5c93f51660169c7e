import { subjectOf } from "../core/survey";
import { startStopped } from "./mirrorDaemons";
import type { Run } from "./run";
import { undoRows } from "./serviceRows";
import { takeSurvey } from "./takeSurvey";

/** Puts back the rows that the operation wrote; what it promoted stays so, and is named. */
export async function undoForced(run: Run): Promise<string> {
    const { journal, parts } = run;
    const { primary, secondary } = parts.names;
    const services = await undoRows(run).finally(() =>
        journal.always("start rbd-mirror", () => startStopped(run)),
    );
    const { pairs } = await takeSurvey(parts, run.backend, { sides: ["secondary"] });
    const promoted = pairs.filter((pair) => pair.secondary?.primary === true).map(subjectOf);
    if (promoted.length > 0)
        run.left.push(
            `${String(promoted.length)} image(s) are primary on ${secondary} still: demote and resync them there once ${primary} is proven to have all that is wanted: ${promoted.join(", ")}`,
        );
    return `rows of ${services.join(", ")} are as they were before`;
}
