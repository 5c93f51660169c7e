import { discardBlockers, discardsOf, needsResync, turnOf } from "../core/failback";
import type { Pair } from "../core/replica";
import type { Survey } from "../core/survey";
import { rowsNow } from "./moveBackend";
import { RefusedError } from "./operationEnd";
import { agreedImages, flaggedImages, throwAway } from "./resync";
import type { Run } from "./run";

/**
 * The images that a resync has yet to begin with. They are demoted, and their copies are old but whole: the site that a
 * disaster of these hours would leave has them. So each is thrown away only when rbd-mirror comes to it.
 */
export class ResyncTurns {
    private first: ReadonlySet<string> | undefined;

    constructor(private readonly run: Run) {}

    /**
     * Those of `open` that wait for their turn. One that rbd-mirror only pauses in the middle of the wait is none: another
     * resync would throw a good copy away.
     */
    waiting(survey: Survey, open: readonly Pair[]): Set<Pair> {
        const { journal } = this.run;
        const { resync } = discardsOf(survey, agreedImages(journal), flaggedImages(journal));
        const first = (this.first ??= new Set(resync.map(({ volume }) => volume.image)));
        const isOpen = new Set(open);
        return new Set(
            resync.filter(
                (pair) => isOpen.has(pair) && (first.has(pair.volume.image) || needsResync(pair)),
            ),
        );
    }

    /**
     * Flags for resync those whose turn it is.
     * @returns whether there was one
     * @throws RefusedError unless the secondary is active still; LockedError; PartialError naming images that refuse
     */
    async next(survey: Survey, waiting: ReadonlySet<Pair>): Promise<boolean> {
        const due = turnOf(survey, agreedImages(this.run.journal), [...waiting]);
        if (due.length === 0) return false;
        // Hours may lie between: the lock may be another's by now, and the backend back on the primary.
        await this.run.stillMine();
        const stops = discardBlockers({ ...survey, rows: await rowsNow(this.run) });
        if (stops.length > 0) throw new RefusedError("refused, nothing more is discarded", stops);
        const isPrimary = ({ primary }: Pair) => primary?.primary === true;
        await throwAway(this.run, { demote: due.filter(isPrimary), resync: due });
        return true;
    }
}
