import type { Kind } from "../changes";
import { deviceIn } from "../declared";
import type { Review } from "../judge";
import { cut } from "./text";

/** Hosts that get a node of their own; more are drawn as groups. */
const MOST_HOSTS = 12;
/** Backends and types that are drawn; a diagram of more tells nothing. */
const MOST_NODES = 40;

type State = Kind | "same" | "restarts";

/** Mermaid's own entities: whatever stands in a label, it stays text. */
const label = (text: string): string =>
    cut(text, 60).replace(/[^A-Za-z0-9 .:/,()-]/gu, (c) => `#${String(c.codePointAt(0))};`);

const node = (id: string, lines: readonly string[], state: State, shape = ["[", "]"]): string =>
    `${id}${shape[0] ?? ""}"${lines.map(label).join("<br>")}"${shape[1] ?? ""}${state === "same" ? "" : `:::${state}`}`;

interface Group {
    hosts: string[];
    state: State;
    sections: string[];
}

/** Hosts that carry the same backends and change in the same way. */
function hostGroups({ changes, rollout }: Review): Group[] {
    const { before, after } = changes;
    const restarting = new Set(
        rollout.waves.flat().flatMap((p) => (p.restart === "no" ? [] : [p.host])),
    );
    const groups = new Map<string, Group>();
    const all = [...new Set([...after.hosts.keys(), ...before.hosts.keys()])];
    for (const host of all) {
        const kind = changes.hosts.find(({ name }) => name === host)?.kind;
        const state: State =
            kind === "added" || kind === "removed"
                ? kind
                : restarting.has(host)
                  ? "restarts"
                  : "same";
        const stanzas = (after.hosts.get(host) ?? before.hosts.get(host))?.stanzas ?? {};
        const sections = Object.keys(stanzas);
        const key = all.length > MOST_HOSTS ? JSON.stringify([state, sections]) : host;
        const group = groups.get(key) ?? { hosts: [], state, sections };
        group.hosts.push(host);
        groups.set(key, group);
    }
    return [...groups.values()];
}

const hostLabel = ({ hosts, state }: Group): string[] => [
    hosts.length === 1 ? `host ${hosts[0] ?? ""}` : `${String(hosts.length)} hosts`,
    ...(hosts.length > 1 ? [`${hosts[0] ?? ""} to ${hosts.at(-1) ?? ""}`] : []),
    ...(state === "same" ? [] : [state]),
];

/** The whole topology as Mermaid, with what changes marked. */
export function diagramLines(review: Review): string[] {
    const { changes } = review;
    const { before, after } = changes;
    const kindOf = (list: { name: string; kind: Kind }[], name: string): State =>
        list.find((change) => change.name === name)?.kind ?? "same";
    const sections = [...new Set([...after.backends.keys(), ...before.backends.keys()])].slice(
        0,
        MOST_NODES,
    );
    if (sections.length === 0) return [];
    const sites = { ...before.sites, ...after.sites };
    const optionsOf = (s: string) => after.backends.get(s) ?? before.backends.get(s);
    const id = new Map(sections.map((section, i) => [section, `b${String(i)}`]));
    const pools = (side: string) =>
        sections.map((section) => {
            const options = optionsOf(section);
            const device = deviceIn(options);
            const cluster =
                side === "p"
                    ? (options?.rbd_cluster_name ?? "ceph")
                    : (device.backend_id ?? "no target");
            return `    ${node(`${side}${id.get(section) ?? ""}`, [`pool ${options?.rbd_pool ?? "?"}`, `client cluster ${cluster}`], "same", ["[(", ")]"])}`;
        });
    const types = [...new Set([...after.types.keys(), ...before.types.keys()])].slice(
        0,
        MOST_NODES,
    );
    const sectionOf = (backendName: string | undefined) =>
        sections.find((section) => optionsOf(section)?.volume_backend_name === backendName);
    return [
        "flowchart LR",
        `  subgraph primary["primary site ${label(sites.primary ?? "")}"]`,
        ...pools("p"),
        "  end",
        `  subgraph secondary["secondary site ${label(sites.secondary ?? "")}"]`,
        ...pools("s"),
        "  end",
        ...sections.flatMap((section) => {
            const b = id.get(section) ?? "";
            const state = kindOf(changes.backends, section);
            const mark = state === "same" ? [] : [state];
            return [
                `  ${node(b, [`backend ${section}`, ...mark], state)} --> p${b}`,
                `  p${b} -. "${label(`journal, backend_id ${deviceIn(optionsOf(section)).backend_id ?? "none"}`)}" .-> s${b}`,
            ];
        }),
        ...hostGroups(review).flatMap((group, i) => [
            `  ${node(`h${String(i)}`, hostLabel(group), group.state)}`,
            ...group.sections.flatMap((section) =>
                id.has(section) ? [`  h${String(i)} --> ${id.get(section) ?? ""}`] : [],
            ),
        ]),
        ...types.flatMap((type, i) => {
            const facts = after.types.get(type) ?? before.types.get(type);
            const section = sectionOf(facts?.volume_backend_name);
            const state = kindOf(changes.types, type);
            const mark = state === "same" ? [] : [state];
            const drawn = node(`t${String(i)}`, [`type ${type}`, ...mark], state, ["([", "])"]);
            return [
                `  ${drawn}`,
                ...(section === undefined ? [] : [`  t${String(i)} --> ${id.get(section) ?? ""}`]),
            ];
        }),
        "  classDef added stroke:#1a7f37,stroke-width:3px",
        "  classDef removed stroke:#cf222e,stroke-width:3px,stroke-dasharray:5 5",
        "  classDef changed stroke:#9a6700,stroke-width:3px",
        "  classDef restarts stroke:#9a6700,stroke-width:3px",
    ];
}
