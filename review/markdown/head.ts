import { isNothing } from "../changes";
import type { Review, ReviewedRisk } from "../judge";
import type { Push } from "../rollout";
import { restartsOf } from "../rollout";
import { liveAnswer } from "./live";
import { failureList, riskTable } from "./findings";
import { code, count, names, prose, row, table } from "./text";

/** How a comment of a stack is found again, to be edited in place. */
export const marker = (stack: string): string =>
    `<!-- cinder-dr review ${Buffer.from(stack).toString("base64url")} -->`;

const blocking = ({ risks }: Review): ReviewedRisk[] =>
    risks.filter(({ level, accepted }) => level === "critical" && !accepted);

const violations = ({ policies }: Review): number =>
    policies.filter(({ level }) => level === "mandatory").length;

/** `1 risk loses protection or cannot be undone, 2 mandatory policy violations` */
const refusals = (review: Review): string => {
    const risks = blocking(review).length;
    const policies = violations(review);
    return [
        ...(risks > 0 ? [`${count(risks, "risk")} to protection or without a way back`] : []),
        ...(policies > 0 ? [count(policies, "mandatory policy violation")] : []),
    ].join(", ");
};

const restarts = ({ rollout }: Review): string => {
    const n = restartsOf(rollout).length + rollout.removals.length;
    return n === 0 ? "nothing restarts" : `cinder-volume restarts on ${count(n, "host")}`;
};

/** A change that edits the policies is judged by what it makes of them. */
const editsPolicies = ({ risks }: Review): boolean =>
    risks.some(({ name }) => name === "policy-pack-changed");

/** The one line that answers «may I merge». */
export function verdictLine(review: Review): string {
    switch (review.verdict) {
        case "failed":
            return "⛔ **Do not merge: this change could not be judged.**";
        case "refused":
            return `⛔ **Do not merge as it is:** ${refusals(review)}.`;
        case "look":
            return `⚠️ **May be merged after a look at ${count(review.risks.length, "risk")}:** ${editsPolicies(review) ? "no policy forbids it as this change edits them" : "no policy forbids it"}, ${restarts(review)}.`;
        case "clear":
            return `✅ **May be merged:** no risk was found, no policy forbids it, ${restarts(review)}.`;
        case "unchanged":
            return "✅ **May be merged:** the stack is what this commit says; `pulumi up` would do nothing.";
    }
}

const waveText = (wave: readonly Push[]): string =>
    wave.length > 1
        ? `${names(
              wave.map((p) => p.host),
              4,
          )} at once`
        : names(wave.map((p) => p.host));

/** `3 hosts: a alone, then b, c at once; each waits until the one before is healthy` */
function restartAnswer({ rollout, changes }: Review): string {
    const waves = rollout.waves
        .map((wave) => wave.filter(({ restart }) => restart !== "no"))
        .filter((wave) => wave.length > 0);
    const n = waves.flat().length;
    const quiet = rollout.waves.flat().length - n;
    const order = rollout.isOrdered
        ? waves.length > 6
            ? `${waves.slice(0, 2).map(waveText).join(", then ")}, then ${count(waves.length - 2, "more wave")} of up to ${String(Math.max(...waves.slice(2).map((w) => w.length)))}`
            : waves.map(waveText).join(", then ")
        : `${names(waves.flat().map((p) => p.host))}; the order is the program's own`;
    const first = waves.flat().filter(({ restart }) => restart === "first").length;
    return [
        ...(n > 0 ? [`cinder-volume on **${count(n, "host")}**: ${order}`] : []),
        ...(first > 0 && changes.before.hosts.size > 0
            ? [
                  first === n
                      ? "pushed for the first time"
                      : `${count(first, "of them is", "of them are")} pushed for the first time`,
              ]
            : []),
        ...(rollout.removals.length > 0 ? [`last, on removal: ${names(rollout.removals)}`] : []),
        ...(quiet > 0 && n > 0
            ? [`${count(quiet, "further host is", "further hosts are")} pushed without a restart`]
            : []),
        ...(quiet > 0 && n === 0
            ? [
                  `nothing that reads its files already: ${count(quiet, "host is", "hosts are")} pushed with the same sections`,
              ]
            : []),
    ].join("; ");
}

/** What loses protection is said even when nothing does. */
function protectionAnswer({ protection: { lost, gained, retargeted } }: Review): string {
    return [
        lost.length > 0 ? `**loses it:** ${names(lost)}` : "nothing",
        ...(retargeted.length > 0 ? [`another target: ${names(retargeted)}`] : []),
        ...(gained.length > 0 ? [`gains it: ${names(gained)}`] : []),
    ].join("; ");
}

function wayBack({ risks }: Review): string {
    const lasting = risks.filter((risk) => risk.lasting !== undefined);
    if (lasting.length === 0)
        return "yes: reverting the commit and `pulumi up` restores what the stack manages";
    return `**not wholly:** ${[...new Set(lasting.map(({ lasting: text }) => prose(text ?? "")))].slice(0, 4).join("; ")}`;
}

function policyAnswer(review: Review): string {
    const { policies, packs, isBlind, isFromTopology } = review;
    const mandatory = policies.filter(({ level }) => level === "mandatory").length;
    const others = policies.length - mandatory;
    if (packs.length === 0) return "**not asked:** no policy pack ran";
    const early =
        isBlind || isFromTopology ? "the preview ended before they had seen all; so far " : "";
    const edited = editsPolicies(review) ? "; **this change edits the policies**" : "";
    return `${early}${mandatory > 0 ? `**${count(mandatory, "mandatory violation")}**` : "no mandatory violation"}, ${String(others)} advisory (${packs.map((pack) => code(pack)).join(", ")})${edited}`;
}

/** The questions of a reviewer who sees nothing but the comment. */
function answers(review: Review): string[] {
    const restart = restartAnswer(review);
    const { isBlind, isFromTopology } = review;
    // The change is elsewhere then, and nobody has seen what it does.
    const isElsewhere = isFromTopology && isNothing(review.changes);
    const judged = (answer: string): string => {
        if (isBlind) return "unknown: the preview failed";
        if (isElsewhere) return "unknown: the preview failed, and the topology is the base's";
        return isFromTopology ? `${answer} (by the two topologies alone)` : answer;
    };
    const rows: [string, string][] = [
        ["What restarts?", judged(restart === "" ? "nothing" : restart)],
        ["What loses protection?", judged(protectionAnswer(review))],
        ["Can it be undone?", judged(wayBack(review))],
        ["What do the policies say?", policyAnswer(review)],
        ["Volumes and servers concerned?", liveAnswer(review)],
        ...baseAnswer(review),
    ];
    return table(
        ["Question", "Answer"],
        rows.map(([question, answer]) => row(question, answer)),
    );
}

function baseAnswer({ base, risks, isBlind, isFromTopology }: Review): [string, string][] {
    if (base === undefined) return [];
    const question = `What was waiting at ${code(base.ref, 40)}?`;
    // Without a preview, nobody has compared the base with the stack's state.
    if (isBlind || isFromTopology) return [[question, "unknown: the preview failed"]];
    const earlier = risks.filter(({ isEarlier }) => isEarlier).length;
    const parts = [
        ...(earlier > 0
            ? [`${count(earlier, "risk")} below ${earlier === 1 ? "is" : "are"} marked «earlier»`]
            : []),
        ...(base.earlierRestarts.length > 0
            ? [`restarts of ${names(base.earlierRestarts)} are for earlier changes`]
            : []),
        ...(base.alreadyApplied > 0
            ? [
                  `${count(base.alreadyApplied, "change")} of this commit ${base.alreadyApplied === 1 ? "is" : "are"} in the stack already`,
              ]
            : []),
    ];
    const waiting =
        parts.length === 0 ? "nothing: all of it is new in this change" : parts.join("; ");
    return [[question, waiting]];
}

/** Never cut: its parts are bounded each for itself. */
export const head = (review: Review): string[] => [
    marker(review.stack),
    `## cinder-dr review of ${code(review.stack)}`,
    "",
    verdictLine(review),
    "",
    ...answers(review),
    "",
    ...failureList(review),
    ...riskTable(review),
];
