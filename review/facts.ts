/** Named values in the field's words, as a reviewer reads them. */
export type Facts = Record<string, string>;

/** A resource's inputs, before anything is known of their shape. */
export type Inputs = Record<string, unknown>;

export const mapIn = (value: unknown): Inputs =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Inputs) : {};
export const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** One value on one line; nothing for what is not there. */
export const text = (value: unknown): string | undefined => {
    if (value === undefined || value === null) return undefined;
    return typeof value === "string" ? value : JSON.stringify(value);
};

/** Facts of those values that are there; an empty list or map says nothing either. */
export const factsOf = (values: Inputs): Facts =>
    Object.fromEntries(
        Object.entries(values).flatMap(([key, value]) => {
            const shown = text(value);
            return shown === undefined || shown === "[]" || shown === "{}" ? [] : [[key, shown]];
        }),
    );

/** Consents by refusal, one fact each: each is a decision of its own. */
export const consentsIn = (value: unknown): Facts =>
    factsOf(
        Object.fromEntries(
            Object.entries(mapIn(value)).map(([refusal, why]) => [`consent ${refusal}`, why]),
        ),
    );

/** Every value of a map by its path, as one line each. */
export const leavesOf = (value: unknown, path: string): [path: string, value: string][] => {
    if (typeof value !== "object" || value === null) {
        const shown = text(value);
        return shown === undefined ? [] : [[path, shown]];
    }
    if (Array.isArray(value) && !value.some((item) => typeof item === "object"))
        return value.length === 0 ? [] : [[path, value.join(" ")]];
    return Object.entries(value).flatMap(([key, item]) => leavesOf(item, `${path}.${key}`));
};
