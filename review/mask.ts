import { readFileSync } from "node:fs";

/** What stands in the place of a secret. */
export const HIDDEN = "[secret]";
/** What stands in the place of a value that another resource makes during `up`. */
export const UNKNOWN = "[known at up]";

/** Pulumi's mark of a secret in events and state (sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Pulumi's stand-ins for unknown values, one for each kind (sdk/go/common/resource/plugin/rpc.go). */
const UNKNOWNS = new Set([
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Inputs that carry keys whether their author has marked them as secret or not. */
const CARRIERS =
    /^(?:stdin|environment|connection|privateKey|.*(?:password|passphrase|token|credential|keyring))$|(?:access|api|private|secret|signing|encryption)_?key$|[a-z]Secret$/i;

/** Secrets by their shape. The first group, where there is one, is what may be shown. */
const SHAPES: readonly RegExp[] = [
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    // cephx: base64 of a record that starts with its type.
    /(?<![A-Za-z0-9+/])A[Qg][A-Za-z0-9+/]{30,}={0,2}/g,
    /\beyJ[A-Za-z0-9_-]{16,}[A-Za-z0-9_.=-]*/g,
    /\bgAAAA[A-Za-z0-9_=-]{20,}/g,
    /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}|\bpul-[0-9a-f]{40}/g,
    /(:\/\/[^/\s:@'"]*:)[^@\s/'"]+(?=@)/g,
    /((?:password|passwd|passphrase|secret|token|(?:api|access|secret|private)[_-]?key)["']?\s*[=:]\s*["']?)(?!(?:true|false|none|null)\b)[^\s"',;&|)]{4,}/gi,
    /(--?(?:\w+-)*(?:password|passphrase|token|secret)[\s=]+["']?)[^\s"',;&|)]{4,}/gi,
];

/** Names of environment variables whose values are secrets. */
const SECRET_VARIABLE =
    /PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|ACCESS_KEY|API_KEY|_KEY$|^OS_AUTH_KEY/i;
/** A shorter value stands in too many harmless places. */
const SHORTEST = 6;

function contentOf(file: string | undefined): string[] {
    if (file === undefined || file === "") return [];
    try {
        return [readFileSync(file, "utf8").trim()];
    } catch {
        // Pulumi itself will say that its passphrase file cannot be read.
        return [];
    }
}

/** Values that this process could give away: what its environment calls a secret. */
export const secretsOf = (env: NodeJS.ProcessEnv): string[] =>
    Object.entries(env)
        .filter(([name]) => SECRET_VARIABLE.test(name) && !name.endsWith("_FILE"))
        .map(([, value]) => value ?? "")
        .concat(contentOf(env.PULUMI_CONFIG_PASSPHRASE_FILE))
        .filter((value) => value.length >= SHORTEST)
        .sort((a, b) => b.length - a.length);

/** Text without anything that has the shape of a secret, or is one of `known`. */
export function maskText(text: string, known: readonly string[] = []): string {
    let masked = text;
    for (const value of known) masked = masked.replaceAll(value, HIDDEN);
    for (const shape of SHAPES)
        masked = masked.replace(shape, (_whole, shown: unknown) =>
            typeof shown === "string" ? shown + HIDDEN : HIDDEN,
        );
    return masked;
}

/** A value of the engine as it may be shown: no secrets, no stand-ins, no keys by any name. */
export function maskValue(value: unknown, known: readonly string[] = []): unknown {
    if (typeof value === "string") return UNKNOWNS.has(value) ? UNKNOWN : maskText(value, known);
    if (Array.isArray(value)) return value.map((item) => maskValue(item, known));
    if (typeof value !== "object" || value === null) return value;
    const record = value as Record<string, unknown>;
    if (record[SIGNATURE] !== undefined) return record[SIGNATURE] === SECRET ? HIDDEN : "[asset]";
    return Object.fromEntries(
        Object.entries(record).map(([key, item]) => [
            maskText(key, known),
            CARRIERS.test(key) && !isPlain(item) ? HIDDEN : maskValue(item, known),
        ]),
    );
}

/** A file's place, which is no key: no key starts so. */
const FILE = /^(?:\/[\w.@-]+){2,}$/;

/** A flag, a file's name or nothing gives nothing away. */
const isPlain = (item: unknown): boolean =>
    item === undefined ||
    item === null ||
    item === "" ||
    typeof item === "boolean" ||
    (typeof item === "string" && FILE.test(item));
