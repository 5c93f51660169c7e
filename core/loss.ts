import { clockFault } from "./clocks";
import { volumes } from "./consents";
import { isReplaying, isSeen, type Pair, type PoolView } from "./replica";
import { lastReport, lossOf } from "./pairLoss";
import { subjectOf, type Survey } from "./survey";

/** What a move loses of the volumes that it moves. */
export interface Loss {
    /** Bound in seconds; undefined where nothing bounds it, or only the end of a rbd-mirror that still reports would. */
    seconds?: number;
    /** The bound with what it rests on, or why there is none. */
    text: string;
}

/** Seconds since the oldest of the last statuses that the secondary published of its images. */
const statusAge = (view: PoolView, moved: readonly Pair[]): number =>
    Math.max(
        ...moved.map(({ secondary }) =>
            Math.max(view.now - (secondary?.lastUpdate ?? view.now), 0),
        ),
    );

/** Why entries that are behind cannot be told in seconds. */
function whyUntimed({ views, names }: Survey, rates: readonly (number | undefined)[]): string {
    if (!isSeen(views.primary))
        return `${names.primary} cannot be asked how fast they were written`;
    return rates.every((rate) => rate === 0)
        ? "nothing was written while they were watched"
        : "how fast they were written was not measured";
}

function whyUnbounded(survey: Survey, open: readonly Pair[], rates: Rates): string {
    const stuck = open.filter(({ secondary }) => !isReplaying(secondary));
    const moving = open.filter((pair) => !stuck.includes(pair));
    const isMute = ({ secondary }: Pair) =>
        !isSeen(survey.views.primary) && (secondary?.peers ?? []).length === 0;
    const mute = moving.filter(isMute);
    const late = moving.filter((pair) => !isMute(pair));
    const entries = late.map((pair) => lossOf(pair, "primary", survey).entries ?? 0);
    const sum = entries.reduce((all, one) => all + one, 0);
    const [first] = stuck;
    return [
        ...(first === undefined
            ? []
            : [
                  `${volumes(stuck.length)} without replay on ${survey.names.secondary} (${subjectOf(first)}: ${first.secondary?.state ?? ""}${stuck.length > 1 ? ", …" : ""})`,
              ]),
        ...(mute.length === 0
            ? []
            : [
                  `${volumes(mute.length)} of which rbd-mirror of ${survey.names.primary} never reported to ${survey.names.secondary}`,
              ]),
        ...(late.length === 0
            ? []
            : [
                  `${volumes(late.length)} ${String(sum)} journal entries behind, and ${whyUntimed(
                      survey,
                      late.map(({ volume }) => rates.get(volume.image)),
                  )}`,
              ]),
    ].join("; ");
}

/** Growth of journals by image, in entries a second. */
export type Rates = ReadonlyMap<string, number>;

/**
 * What a forced failover loses at most. A dead primary's writes are bounded by when both sites were last heard: the
 * secondary's status goes on after the primary has died for as long as its daemon holds what it has read (seen on
 * Ceph 16.2: 8 s old while the primary had been silent for 74 s).
 * @param moved volumes that have an image on the secondary
 */
export function forcedLoss(survey: Survey, moved: readonly Pair[], rates: Rates): Loss {
    const { views, names } = survey;
    if (!isSeen(views.secondary))
        return { text: `not known: ${names.secondary} cannot be asked: ${views.secondary.unseen}` };
    if (moved.length === 0) return { text: "none: no volume moves" };
    const clock = clockFault(survey, "secondary");
    if (clock !== undefined && !isSeen(views.primary)) return { text: `not known: ${clock}` };
    const losses = moved.map((pair) =>
        lossOf(pair, "primary", survey, rates.get(pair.volume.image)),
    );
    const seconds = losses.map((loss) => loss.seconds ?? loss.unproven);
    const open = moved.filter((_, index) => seconds[index] === undefined);
    const last = isSeen(views.primary)
        ? undefined
        : lastReport(moved.map(({ secondary }) => secondary));
    const quiet = last === undefined ? 0 : Math.max(views.secondary.now - last, 0);
    const reported =
        last === undefined ? "" : `; ${names.primary} last reported ${quiet.toFixed(0)} s ago`;
    if (open.length > 0)
        return { text: `not known: ${whyUnbounded(survey, open, rates)}${reported}` };
    const bound = Math.max(...seconds.map((s) => s ?? 0));
    if (isSeen(views.primary))
        return { seconds: bound, text: bound === 0 ? "none" : `at most ${bound.toFixed(1)} s` };
    const isUnproven = losses.some(({ unproven }) => unproven !== undefined);
    const unless = isUnproven ? " if the whole site is dead" : "";
    const again = isUnproven
        ? ", and its rbd-mirror may outlive its cluster: look again when it is silent"
        : "";
    return {
        ...(isUnproven ? {} : { seconds: bound }),
        text: `at most ${bound.toFixed(1)} s${unless} (${names.secondary}'s last status is ${statusAge(views.secondary, moved).toFixed(0)} s old${reported}${again})`,
    };
}
