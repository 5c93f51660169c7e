import { consentFlag, consentsOf } from "../core/consents";
import { follows, needOf, toFollow } from "../core/failback";
import type { Survey } from "../core/survey";
import { RefusedError } from "./operationEnd";

/**
 * A copy takes hours, and servers may run on the secondary all the while: a failback that stops them first would keep
 * them down for it.
 * @throws RefusedError where an image has forked, or does not follow yet, and a resync or time mends that
 */
export function refuseCopies(survey: Survey): void {
    const open = toFollow(survey).filter(
        (pair) => !follows(pair, survey) && needOf(pair, survey, true) !== "decide",
    );
    if (open.length === 0) return;
    const words = consentsOf(survey, "failback")
        .filter(({ name }) => name === "discarded")
        .map((consent) => ` ${consentFlag(consent)}`);
    throw new RefusedError(
        `refused, and no server was stopped: ${String(open.length)} image(s) do not follow on ${survey.names.primary} yet, which may take hours, and servers may run meanwhile: first \`cinder-dr failback --resync-only${words.join("")}\`; when that has ended, \`cinder-dr failback --stop-servers\``,
    );
}
