/** One `replication_device`, read as oslo.config's Dict type reads it, and what that reading gets wrong. */
export interface Device {
    pairs: Map<string, string>;
    /** Why oslo.config refuses the text, or reads something else than was meant. */
    faults: string[];
}

const isKey = (key: string): boolean => /^[A-Za-z_]+$/.test(key);

/** oslo.config splits at commas, then each pair at its first colon. */
export function parseDevice(text: string): Device {
    const faults: string[] = [];
    const pairs = new Map<string, string>();
    const joined = text.replace(/^(["'])(.*)\1$/s, "$2");
    if (/(?:^|[^$])\$(?!\$)/.test(joined))
        faults.push("has a single '$', which oslo.config substitutes: write '$$'");
    if (/\s[#;]/.test(joined))
        faults.push("has a comment behind it, which becomes part of the last value");
    for (const piece of joined.split(",")) {
        const colon = piece.indexOf(":");
        const key = piece.slice(0, colon).trim();
        if (piece.trim() === "") faults.push("has a comma too many");
        else if (colon < 0)
            faults.push("has a part without ':', so the part before or behind it is read wrongly");
        else if (pairs.has(key)) faults.push(`has '${isKey(key) ? key : "…"}' twice`);
        else pairs.set(key, piece.slice(colon + 1).trim());
    }
    return { pairs, faults: [...new Set(faults)] };
}
