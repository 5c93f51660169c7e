import { needsResync } from "./failback";
import { otherSide } from "./service";
import {
    isInUse,
    leftBehind,
    markedByFailback,
    replicated,
    subjectOf,
    targetOf,
    unmarked,
    unreplicated,
    wholeOnPrimary,
    type Move,
    type Survey,
} from "./survey";

/** One loss or liberty that an operation needs the operator's word for. */
export interface Consent {
    /** Name in the flag `--accept-loss NAME=COUNT`. */
    name: string;
    /** How many volumes; the flag must give the same number. */
    count: number;
    /** One sentence: what is lost. */
    means: string;
}

/** `1 volume`, `2 volumes` */
export const volumes = (count: number): string =>
    `${String(count)} volume${count === 1 ? "" : "s"}`;

/** How a consent is given on the command line. */
export const consentFlag = ({ name, count }: Consent): string =>
    `--accept-loss ${name}=${String(count)}`;

/** Those that have become more than was agreed to, since volumes were made or attached after the plan. */
export const grown = (
    consents: readonly Consent[],
    accepted: ReadonlyMap<string, number>,
): Consent[] => consents.filter(({ name, count }) => count > (accepted.get(name) ?? 0));

/** What the operator must say yes to, by name and number. */
export function consentsOf(survey: Survey, move: Move): Consent[] {
    const active = otherSide(targetOf(move));
    const found: Consent[] = [];
    const add = (name: string, count: number, means: string) => {
        if (count > 0) found.push({ name, count, means });
    };
    const addOpen = () => {
        const open = replicated(survey).filter((pair) => isInUse(pair, active));
        add(
            "attached",
            open.length,
            `${volumes(open.length)} are in use: their servers' writes become I/O errors`,
        );
    };
    if (move === "failback") {
        const lonely = markedByFailback(survey).length;
        const whole = wholeOnPrimary(survey);
        const again =
            whole.length === 0
                ? ""
                : `; what is whole on ${survey.names.primary} alone is served from there again, and counted as replicated again (${whole.map(subjectOf).join(", ")})`;
        add(
            "unmarked",
            lonely,
            `${volumes(lonely)} that Cinder counts as replicated, and ${survey.names.secondary} has nothing of that could move: replication_status is set to not-capable through the host's own Cinder, and what the failover set to error gets its status back${again}`,
        );
        const discarded = survey.pairs.filter((pair) => needsResync(pair));
        add(
            "discarded",
            discarded.length,
            `${volumes(discarded.length)}: what was written on ${survey.names.primary} after the failover is discarded (${discarded.map(subjectOf).join(", ")})`,
        );
        const behind = leftBehind(survey);
        add(
            "left-behind",
            behind.length,
            `${volumes(behind.length)}: their data is on ${survey.names.secondary} only, or newer there, and stays there: after the failback Cinder finds no image, or an older one (${behind.map(subjectOf).join(", ")})`,
        );
        addOpen();
        return found;
    }
    // A dead site cannot be asked: what has no image on the target cannot move.
    const lonely = unmarked(survey, move === "planned" ? active : "secondary");
    add(
        "unmarked",
        move === "planned" ? lonely.length : 0,
        `${volumes(lonely.length)} without a mirrored image, which Cinder counts as replicated: replication_status is set to disabled through the host's own Cinder`,
    );
    const plain = [...unreplicated(survey), ...lonely];
    add(
        "unreplicated",
        plain.length,
        `${volumes(plain.length)} and their snapshots go to error: they are not replicated`,
    );
    if (move === "planned") {
        addOpen();
    } else {
        const blind = survey.hosts.filter((host) => host.unseen !== undefined).length;
        add(
            "unseen-hosts",
            blind,
            `${String(blind)} host(s) cannot be asked whether they reach the secondary, nor whether they still reach the primary`,
        );
        const all = replicated(survey).filter((pair) => pair.secondary !== undefined);
        add(
            "lost-writes",
            all.length,
            `${volumes(all.length)}: the last writes that ${survey.names.secondary} does not have are lost`,
        );
    }
    return found;
}
