import { readFileSync } from "node:fs";

export const versions = JSON.parse(readFileSync(new URL("versions.json", import.meta.url), "utf8"));

/** Compares dotted versions by number: negative when a is older than b. */
export function compareVersions(a, b) {
    const [left, right] = [a, b].map((v) =>
        v
            .replace(/^[^\d]*/, "")
            .split(".")
            .map(Number),
    );
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
        const difference = (left[i] || 0) - (right[i] || 0);
        if (difference !== 0) return difference;
    }
    return 0;
}
