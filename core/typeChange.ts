type Specs = Readonly<Record<string, string>>;

const said = (value: string | undefined): string => (value === undefined ? "none" : `'${value}'`);

const REFUSAL =
    "Cinder refuses it (400) while a volume has the type, and nothing has changed then.";

/** An access depends on its type, so the engine takes it away first. */
const ACCESS =
    "Its projects would lose their access before Cinder is asked: first take `projects` out, write `isPublic: false`, and run `pulumi up`.";

const WAY =
    "Declare a new type beside it, retype the volumes in waves, then retire this one: docs/volume-types.md";

const explained = (projects: readonly string[]): string =>
    `${projects.length > 0 ? ACCESS : REFUSAL} ${WAY}`;

/**
 * What to say before a type in the state would be made anew because of its extra specs; undefined when they are the same.
 * @param before specs in the state
 * @param projects who has access to a private type
 */
export function specsChange(
    name: string,
    before: Specs,
    after: Specs,
    projects: readonly string[],
): string | undefined {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    const changes = keys
        .filter((key) => before[key] !== after[key])
        .map((key) => `${key}: ${said(before[key])} to ${said(after[key])}`);
    if (changes.length === 0) return undefined;
    return `volume type '${name}': its extra specs would change (${changes.join(", ")}), and they are its identity: it would be deleted and made anew. ${explained(projects)}`;
}

/** What to say of a type that the state has and the topology has no longer. */
export const typeRemoval = (name: string, projects: readonly string[]): string =>
    `volume type '${name}': is taken out. A protected one is not deleted. ${explained(projects)}`;

/** What to say of a private type that becomes public while projects have access to it. */
export const turnsPublic = (name: string): string =>
    `volume type '${name}': would become public, and Cinder takes no access from a public type (400): first take \`projects\` out, write \`isPublic: false\`, and run \`pulumi up\``;
