import { see, textIn, type Plain, type Seen, type SeenArgs } from "./seen";

/** Shorter ones are too common as parts of other texts. */
const SHORTEST = 4;

/** A connection is a secret as a whole; only these fields of it are. */
const CREDENTIALS = /^connection\.(?:proxy\.)?(?:password|privateKey|privateKeyPassword)$/;

function* textsIn(value: Plain, path: string): Generator<string> {
    const text = textIn(value);
    if (text !== undefined) {
        const isCredential = !path.startsWith("connection.") || CREDENTIALS.test(path);
        if (isCredential && text.length >= SHORTEST) yield text;
    } else if (typeof value === "object" && value !== null)
        for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, `${path}.${key}`);
}

const at = (value: Plain, path: string): Plain =>
    path
        .split(".")
        .filter((key) => key !== "")
        .reduce<Plain>((inner, key) => (inner as Record<string, Plain>)[key], value);

/**
 * What rules saw of a stack's resources. The engine shows a stack's rules the outputs of each resource, which for a
 * component are not its inputs; and it shows only repairs which inputs are secrets, before anything is judged.
 */
export class Memory {
    readonly #seen = new Map<string, { seen: Promise<Seen>; askedBy: Set<string> }>();
    readonly #secret = new Map<string, string[]>();
    readonly #texts = new Set<string>();

    /** A rule that asks a second time is in a new analysis, with inputs of its own. */
    look(rule: string, args: SeenArgs): Promise<Seen> {
        let entry = this.#seen.get(args.urn);
        if (entry === undefined || entry.askedBy.has(rule)) {
            entry = { seen: this.#see(args), askedBy: new Set() };
            this.#seen.set(args.urn, entry);
        }
        entry.askedBy.add(rule);
        return entry.seen;
    }

    recall(args: SeenArgs): Promise<Seen> {
        return this.#seen.get(args.urn)?.seen ?? this.#see(args);
    }

    async #see(args: SeenArgs): Promise<Seen> {
        return { ...(await see(args)), secret: this.#secret.get(args.urn) };
    }

    keepSecrets({ urn, inputs, secret }: Seen & { secret: string[] }): void {
        this.#secret.set(urn, secret);
        for (const path of secret)
            for (const text of textsIn(at(inputs, path), path)) this.#texts.add(text);
    }

    /** A sentence without any text that is a Pulumi secret. */
    masked(sentence: string): string {
        let masked = sentence;
        for (const text of this.#texts) masked = masked.replaceAll(text, "[secret]");
        return masked;
    }
}
