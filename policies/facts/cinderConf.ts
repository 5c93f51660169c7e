import { callOf, statementsIn } from "./shellWords";

/** A section of an INI text. An option that stands twice has two values. */
export interface Section {
    name: string;
    options: Map<string, string[]>;
    /** False for single options set by a tool: what else stands in the section is not known. */
    whole: boolean;
}

const add = (section: Section, key: string, value: string) => {
    const values = section.options.get(key) ?? [];
    section.options.set(key, [...values, value]);
};

/** An indented line goes on with the value above it. */
function extend(section: Section, key: string, line: string): void {
    const values = section.options.get(key) ?? [];
    section.options.set(key, [...values.slice(0, -1), `${values.at(-1) ?? ""}\n${line}`]);
}

const HEADER = /^(\s*)\[([^\][]+)\]\s*$/;
/** Ceph's own files write some names with a space. */
const OPTION = /^\s*([A-Za-z][\w-]*(?: [\w-]+)?)\s*[=:](.*)$/;

const indentOf = (line: string): number => line.search(/\S/);

/**
 * The sections of a cinder.conf that stands in a text, among whatever else the text holds: a shell script with a
 * here-document, a manifest that indents it as a whole. A line that is indented deeper than its section's header goes
 * on with the value above it, as oslo.config reads it; a section ends at the first line that cannot be an option.
 */
export function sectionsIn(text: string): Section[] {
    const sections: Section[] = [];
    let section: Section | undefined;
    let key: string | undefined;
    let base = 0;
    for (const line of text.split(/\r?\n/)) {
        const [, indent = "", header] = HEADER.exec(line) ?? [];
        const [, name, value = ""] = OPTION.exec(line) ?? [];
        if (header !== undefined) {
            sections.push((section = { name: header, options: new Map(), whole: true }));
            base = indent.length;
            key = undefined;
        } else if (section === undefined || /^\s*[#;]/.test(line)) continue;
        else if (line.trim() === "") key = undefined;
        else if (key !== undefined && indentOf(line) > base) extend(section, key, line.trim());
        else if (name !== undefined) add(section, (key = name), value.trim());
        else section = undefined;
    }
    return sections;
}

const CRUDINI = ["crudini", "openstack-config"];

/** The options that `crudini --set FILE SECTION OPTION VALUE` sets. */
function setByTool(text: string): Section[] {
    const sections = new Map<string, Section>();
    if (!CRUDINI.some((tool) => text.includes(tool))) return [];
    for (const words of statementsIn(text)) {
        const call = CRUDINI.map((tool) => callOf(words, tool)).find((c) => c !== undefined) ?? [];
        const set = call.indexOf("--set");
        const [, name, key, value] = call.slice(set + 1).filter((word) => !word.startsWith("--"));
        if (set < 0 || name === undefined || key === undefined) continue;
        const section = sections.get(name) ?? { name, options: new Map(), whole: false };
        // A second --set of the same option replaces the first.
        section.options.set(key, [value ?? ""]);
        sections.set(name, section);
    }
    return [...sections.values()];
}

/** `echo 'replication_device = …' >> /etc/cinder/cinder.conf`, into a section that is not known. */
const appended = (text: string): Section[] =>
    [
        ...text.matchAll(
            /(?:echo|printf)\s+(?:-\w+\s+)*(["'])\s*replication_device\s*=\s*(.*?)(?:\\n)?\1/g,
        ),
    ].map(([, , value = ""]) => ({
        name: "…",
        options: new Map([["replication_device", [value.trim()]]]),
        whole: false,
    }));

const HINTS = /replication_device|RBDDriver|rbd_|enabled_backends|cinder|send_service_user_token/;

/** Every piece of cinder.conf in a text: whole sections, and single options that a script sets. */
export const confIn = (text: string): Section[] =>
    HINTS.test(text) ? [...sectionsIn(text), ...setByTool(text), ...appended(text)] : [];
