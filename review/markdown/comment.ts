import type { Review } from "../judge";
import { diagramLines } from "./diagram";
import { fencedDiff, fullDiff, stanzaLines } from "./diffs";
import { head } from "./head";
import { liveLines } from "./live";
import { rolloutLines } from "./rollout";
import { beforeAndAfter, counts, policyTable } from "./tables";
import { bytes, count, details, fence, fitting, prose } from "./text";

/** GitHub takes 65,536 characters; measured in bytes, no character is undercounted. */
export const COMMENT_BYTES = 64_000;

/** A part below the summary: its lines within a number of bytes, or nothing. */
type Part = (review: Review, most: number) => string[];

const titled = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", `### ${title}`, "", ...lines];

/** A table or list that loses whole rows, and says how many. */
function cutRows(lines: readonly string[], most: number): string[] {
    const { lines: shown, left } = fitting(lines, most);
    return left === 0 ? shown : [...shown, "", `${count(left, "more row")} left out here.`];
}

const values: Part = (review, most) =>
    titled("Before and after", cutRows(beforeAndAfter(review), most));

const stanzas: Part = (review, most) => {
    const lines = stanzaLines(review);
    return lines.length === 0 ? [] : titled("cinder.conf", fencedDiff(lines, most));
};

const rollout: Part = (review, most) =>
    titled("Order of the hosts", cutRows(rolloutLines(review), most));

const policies: Part = (review, most) => titled("Policies", cutRows(policyTable(review), most));

const live: Part = (review, most) =>
    titled("What the cloud says", cutRows(liveLines(review), most));

/** What every preview with the provider says, whoever asks. */
const NOISE = /^provider config warning: Users not using loadbalancer/;

const warnings: Part = (review, most) => {
    const lines = review.warnings.filter((text) => !NOISE.test(text));
    return titled(
        "Warnings",
        cutRows(
            lines.map((text) => `- ${prose(text)}`),
            most,
        ),
    );
};

const diagram: Part = (review, most) => {
    const lines = fence("mermaid", diagramLines(review));
    // Half a diagram does not parse.
    if (lines.length <= 2 || bytes(lines.join("\n")) > most) return [];
    return ["", ...details("Topology, with what changes marked", lines)];
};

const diff: Part = (review, most) => {
    const lines = fullDiff(review);
    if (lines.length === 0) return [];
    const summary = `Everything that pulumi up would do: ${counts(review)}`;
    return ["", ...details(prose(summary), fencedDiff(lines, most))];
};

/** In the order of the comment; each takes at most so many bytes, and the last what is left. */
const PARTS: readonly [Part, number][] = [
    [values, 9_000],
    [stanzas, 8_000],
    [rollout, 5_000],
    [live, 5_000],
    [policies, 9_000],
    [warnings, 3_000],
    [diagram, 6_000],
    [diff, Infinity],
];

/** What fences, titles and the words on what is missing take beside the lines. */
const FRAME = 1_000;

const foot = ({ base, live: cloud }: Review): string[] => [
    "",
    `<sub>Made by \`cinder-dr review\` from a preview that connected to no host${base === undefined ? "; before is what the stack's state holds" : "; before is what the stack's state holds, earlier is what the base has already"}${cloud === undefined ? "" : "; volumes, lag and drift were read from the cloud"}. Exit code and verdict are one: see docs/review.md.</sub>`,
];

/** The comment: a summary that is never cut, and below it as much as fits. */
export function renderComment(review: Review, limit = COMMENT_BYTES): string {
    const lines = head(review);
    const end = foot(review);
    let left = limit - bytes([...lines, ...end].join("\n")) - 1;
    for (const [part, most] of PARTS) {
        const room = Math.min(most, left - FRAME);
        if (room <= 0) break;
        const shown = part(review, room);
        lines.push(...shown);
        left -= bytes(shown.join("\n")) + 1;
    }
    return [...lines, ...end, ""].join("\n");
}
