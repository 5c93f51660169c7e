import type { Problem } from "../problem";

/** Pulumi's own mark of an Output; a Proxy answers every other name too. */
const isOutput = (value: object): boolean =>
    (value as { __pulumiOutput?: unknown }).__pulumiOutput === true;

const isPromise = (value: object): boolean =>
    typeof (value as { then?: unknown }).then === "function";

const late = (propertyPath: string, what: string): Problem => ({
    propertyPath,
    reason: `must be a value that is known at once, got ${what}: previews and policies read the topology before anything is made; read it from the stack's config, or make the component inside its apply()`,
});

/** Values that come later, an Output or a Promise, at their paths: a check would see the object instead of the value. */
export function lateValues(given: unknown, path = ""): Problem[] {
    if (typeof given !== "object" || given === null) return [];
    if (isOutput(given)) return [late(path, "an Output")];
    if (isPromise(given)) return [late(path, "a Promise")];
    return Object.entries(given).flatMap(([key, value]) =>
        lateValues(value, path === "" ? key : `${path}.${key}`),
    );
}
