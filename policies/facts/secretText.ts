import { base64In, withoutBase64 } from "./encoded";

/** A name that says secret, and a value that is neither a variable, a path, a flag nor nothing. */
const ASSIGNED =
    /(?:(?<!no)passwd|password|passphrase|secret|token|(?:api|access|secret|private)[_-]?key)["']?\s*[=:]\s*["']?(?!(?:true|false|none|null)\b)(?![$<{%*/])[^\s"',;&|)]{4,}/i;

/** Texts that are secrets by their shape, with the name that a refusal gives them. */
const SHAPES: readonly [what: string, RegExp][] = [
    ["a cephx key", /AQ[A-Za-z0-9+/]{30,}={0,2}/],
    ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
    ["a bootstrap token", /\beyJ[A-Za-z0-9_-]{16,}/],
    ["a Fernet token", /\bgAAAA[A-Za-z0-9_-]{20,}/],
    [
        "an access key",
        /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bglpat-[\w-]{20,}/,
    ],
    ["a URL with a password", /:\/\/[^/\s:@'"]+:[^@\s/'"$]+@/],
    ["a password", ASSIGNED],
    [
        "a password",
        /(?<![\w-])--?(?:\w+-)*(?:password|passphrase|token|secret)\s+(?![-$<{"'/])[^\s"',;&|)]{4,}/i,
    ],
    [
        "a password",
        /\bmysql\w*\b[^\n;|&]{0,500}\s-p(?![\s$"'<{])\S{4,}|\bsshpass\s+-p\s*(?![\s$"'<{])\S{4,}/,
    ],
    [
        "a password",
        /\bcurl\b[^\n;|&]{0,500}\s(?:-u|--user)[\s=]*["']?[^\s:$"']+:(?![$<{])[^\s"']{4,}/,
    ],
];

/** Bits per character. */
export function entropyOf(text: string): number {
    const counts = new Map<string, number>();
    for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
    let bits = 0;
    for (const n of counts.values()) bits -= (n / text.length) * Math.log2(n / text.length);
    return bits;
}

/** A public key blob starts with its length-prefixed type, which base64 writes as AAAA. */
const isPublicKey = (word: string): boolean => word.startsWith("AAAA");

const isMixed = (word: string): boolean =>
    /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);

/** How often neighbours are of another kind: seldom in words that are put together, often in random ones. */
const changes = (word: string): number => {
    const kinds = Array.from(word).map((c) =>
        /\d/.test(c) ? 0 : /[a-z]/.test(c) ? 1 : /[A-Z]/.test(c) ? 2 : 3,
    );
    return kinds.filter((kind, i) => i > 0 && kind !== kinds[i - 1]).length / word.length;
};

/** Random letters and digits change in more than half of all places. */
const MINIMUM_CHANGES = 0.4;

/** A word without any of a path's, a name's or a URL's regularity. */
const isRandom = (word: string, minimumEntropy: number): boolean =>
    isMixed(word) &&
    !isPublicKey(word) &&
    changes(word) >= MINIMUM_CHANGES &&
    entropyOf(word) >= minimumEntropy;

/** Default of what counts as random: 24 characters of base64 hold about 4.3 bits each. */
export const MINIMUM_ENTROPY = 3.8;

/** A digest as ssh-keygen and subresource integrity write it: random, and made to be shown. */
const DIGEST = /\bSHA256:[A-Za-z0-9+/]{43}|\bsha(?:256|384|512)-[A-Za-z0-9+/]{43,86}={0,2}/g;

/** What kind of secret a text holds, or undefined. Never the secret itself. */
export function secretIn(text: string, minimumEntropy = MINIMUM_ENTROPY): string | undefined {
    const shape = SHAPES.find(([, pattern]) => pattern.test(text));
    if (shape !== undefined) return shape[0];
    const words = withoutBase64(text.replace(DIGEST, " ")).match(/[A-Za-z0-9+=_-]{20,}/g) ?? [];
    if (words.some((word) => isRandom(word, minimumEntropy))) return "a random text";
    return base64In(text)
        .map((inner) => secretIn(inner, minimumEntropy))
        .find((kind) => kind !== undefined);
}
