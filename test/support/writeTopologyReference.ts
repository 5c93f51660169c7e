import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { format, resolveConfig } from "prettier";

import { topologyJsonSchema } from "../../core/topology";

export const REFERENCE_FILE = join(__dirname, "../../docs/topology.md");

const BEGIN = "<!-- Generated from core/topology by `npm run schema`. -->";
const END = "<!-- End of the generated part. -->";

/** The parts of JSON Schema that the topology's own uses. */
interface Schema {
    type?: string | string[];
    description?: string;
    properties?: Record<string, Schema>;
    required?: string[];
    additionalProperties?: Schema | boolean;
    items?: Schema;
    anyOf?: Schema[];
    enum?: string[];
    const?: string;
    pattern?: string;
    minimum?: number;
    maximum?: number;
}

interface Row {
    path: string;
    type: string;
    fallback: string;
    meaning: string;
}

/** What a name stands for in maps whose keys the user chooses. */
const NAMES: Record<string, string> = {
    backends: "<section>",
    hosts: "<host>",
    computes: "<host>",
    volumeTypes: "<type>",
    options: "<option>",
    extraSpecs: "<key>",
    consent: "<refusal>",
    users: "<user>",
};

/** For keys whose description says their default only, since their name says the rest to who edits the file. */
const MEANINGS: Record<string, string> = {
    conf: "The ceph.conf on the admin host.",
    unit: "Name of the unit.",
    engine: "Command of the container engine.",
    name: "Name of the container.",
    configFile: "The cinder.conf that is written.",
    description: "Description that Cinder shows.",
};

const mapOf = (schema: Schema): Schema | undefined =>
    typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;

function typeOf(schema: Schema): string {
    if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
    if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(" or ");
    if (schema.const !== undefined) return `\`${schema.const}\``;
    if (schema.type === "array") return `list of ${typeOf(schema.items ?? {})}`;
    if (schema.type === "object") return mapOf(schema) === undefined ? "object" : "map";
    if (schema.type === "integer") return `${String(schema.minimum)} to ${String(schema.maximum)}`;
    if (schema.type === "boolean") return "true or false";
    if (schema.pattern?.startsWith("^[0-9a-f]{8}-") === true) return "UUID";
    if (schema.pattern?.startsWith("^(?:\\/") === true) return "absolute path";
    return [schema.type ?? []].flat().join(" or ");
}

/** A description's sentence «Defaults to …» stands in a column of its own. */
function split(description: string): Pick<Row, "fallback" | "meaning"> {
    const found = /\s*Defaults to (.+?)\.(?=\s|$)/.exec(description);
    if (found === null) return { fallback: "", meaning: description };
    return { fallback: found[1] ?? "", meaning: description.replace(found[0], "").trim() };
}

function row(path: string, key: string, schema: Schema, required: boolean): Row {
    const { fallback, meaning } = split(schema.description ?? "");
    return {
        path,
        type: typeOf(schema),
        fallback: required ? "**required**" : fallback === "" ? "–" : fallback,
        meaning: meaning === "" ? (MEANINGS[key] ?? "") : meaning,
    };
}

/** Every key below a schema, depth first. */
function rowsOf(schema: Schema, path: string): Row[] {
    const map = mapOf(schema);
    const name = NAMES[path.split(".").at(-1) ?? ""] ?? "";
    if (map !== undefined) return map.type === "object" ? rowsOf(map, `${path}.${name}`) : [];
    const properties = Object.entries(schema.properties ?? {});
    // Both sites have the same keys: they are listed once.
    const twins =
        properties.length > 1 && new Set(properties.map(([, p]) => JSON.stringify(p))).size === 1;
    if (twins) return rowsOf(properties[0]?.[1] ?? {}, `${path}.<role>`);
    return properties.flatMap(([key, child]) => {
        const at = path === "" ? key : `${path}.${key}`;
        const own = row(at, key, child, schema.required?.includes(key) ?? false);
        return [own, ...rowsOf(child, at)];
    });
}

/** Every key of a topology, with what the schema says of it. */
export function topologyRows(): Row[] {
    const { $defs } = topologyJsonSchema() as { $defs: { topology: Schema } };
    return rowsOf($defs.topology, "");
}

const HEAD = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"];

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "\\<");

function table(rows: Row[]): string {
    const lines = rows.map(
        ({ path, type, fallback, meaning }) =>
            `| \`${path}\` | ${type} | ${cell(fallback)} | ${cell(meaning)} |`,
    );
    return [...HEAD, ...lines].join("\n");
}

/** One table for each part of a topology, under a heading of its own. */
function tables(): string {
    const rows = topologyRows();
    const parts = [...new Set(rows.map(({ path }) => path.split(".")[0] ?? ""))];
    return parts
        .map((part) => {
            const own = rows.filter(({ path }) => path === part || path.startsWith(`${part}.`));
            return `## ${part}\n\n${table(own)}`;
        })
        .join("\n\n");
}

/** The page with its generated part made anew; what stands around it is written by hand. */
export async function referenceText(page = readFileSync(REFERENCE_FILE, "utf8")): Promise<string> {
    const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
    if (before < 0 || after < before)
        throw new Error(`${REFERENCE_FILE} must hold the lines '${BEGIN}' and '${END}'`);
    const text = `${page.slice(0, before)}${BEGIN}\n\n${tables()}\n\n${page.slice(after)}`;
    return format(text, { ...(await resolveConfig(REFERENCE_FILE)), filepath: REFERENCE_FILE });
}

if (require.main === module)
    void referenceText().then((text) => {
        writeFileSync(REFERENCE_FILE, text);
    });
