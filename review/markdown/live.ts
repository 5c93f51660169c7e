import type { Review } from "../judge";
import type { Live, Touched } from "../live";
import { code, count, prose, row, table } from "./text";

const unreplicatedText = ({ unreplicated }: Touched): string =>
    unreplicated === 0 ? "" : ` (${String(unreplicated)} not replicated)`;

const sizes = (touched: Touched): string[] => [
    `${String(touched.volumes)}${unreplicatedText(touched)}`,
    `${String(touched.gigabytes)} GiB`,
    String(touched.servers),
];

function lagText({ lag }: Live["backends"][string]): string {
    if (lag === undefined) return "not seen";
    const behind =
        lag.entriesBehind === undefined
            ? ""
            : `, at most ${count(lag.entriesBehind, "entry", "entries")} behind`;
    return `${String(lag.replaying)} of ${count(lag.images, "image")} replaying${behind}`;
}

/** The one line of the summary. */
export function liveAnswer({ live }: Review): string {
    if (live === undefined)
        return "not asked: only `--live`, with credentials, counts volumes and servers";
    if (live.problems.length > 0) return "**not all could be seen**, see below";
    const all = [
        ...Object.entries(live.backends).map(
            ([name, t]) => [`backend ${code(name, 60)}`, t] as const,
        ),
        ...Object.entries(live.types).map(
            ([name, t]) => [`volume type ${code(name, 60)}`, t] as const,
        ),
    ];
    const n = live.drift?.length ?? 0;
    const drifted = n === 0 ? [] : [`**${String(n)} drifted**, see below`];
    if (all.length === 0) return ["none", ...drifted].join("; ");
    const shown = all
        .slice(0, 6)
        .map(
            ([what, t]) =>
                `${what}: ${count(t.volumes, "volume")}${unreplicatedText(t)} of ${count(t.servers, "server")}`,
        );
    const more = all.length > 6 ? [`and ${String(all.length - 6)} more`] : [];
    return [...shown, ...more, ...drifted].join("; ");
}

/** What the cloud said, by backend and type; what drifted; what could not be seen. */
export function liveLines({ live }: Review): string[] {
    if (live === undefined) return [];
    const rows = [
        ...Object.entries(live.backends).map(([name, t]) =>
            row(`backend ${code(name)}`, ...sizes(t), lagText(t)),
        ),
        ...Object.entries(live.types).map(([name, t]) =>
            row(`volume type ${code(name)}`, ...sizes(t), ""),
        ),
    ];
    const drift =
        live.drift === undefined
            ? ["Drift was not looked at: it needs a base to compare with."]
            : live.drift.length === 0
              ? ["Nothing that the change touches has drifted from the base."]
              : live.drift.map((line) => `- drift: ${prose(line)}`);
    return [
        ...(rows.length === 0 ? [] : table(["What", "Volumes", "Size", "Servers", "Lag"], rows)),
        ...(rows.length === 0 ? [] : [""]),
        ...live.problems.map((problem) => `- not seen: ${prose(problem)}`),
        ...drift,
    ];
}
