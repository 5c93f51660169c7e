import { createHmac, randomBytes } from "node:crypto";

import { parse } from "yaml";

import { ProblemsError } from "../core/problem";
import { CONFIG_KEY, parseTopology, type Topology } from "../core/topology";
import { accessOf, otherHostsOf } from "./access";
import type { Beside } from "./declared";
import { listIn, mapIn, text as textOf, type Facts, type Inputs } from "./facts";
import { HIDDEN, maskValue } from "./mask";

/** The other side of the comparison cannot be had: the ref, the file or its topology is wrong. */
export class BaseError extends Error {
    override readonly name = "BaseError";
}

/** What the file of a stack says. */
export interface StackFile {
    topology: Topology;
    /** What no resource shows: see {@link Beside}. */
    beside: Beside;
}

const EXEMPTIONS = "cinder-dr:exemptions";

const exemptionsOf = (given: unknown): Facts =>
    Object.fromEntries(
        listIn(given).map((entry) => {
            const { rule, resource, reason, expires } = mapIn(entry);
            const [which, what] = [textOf(rule) ?? "", textOf(resource) ?? ""];
            return [
                `${which} for ${what}`,
                `${textOf(reason) ?? ""}, until ${textOf(expires) ?? ""}`,
            ];
        }),
    );

/** A key for each run: what a digest is of cannot be tried out by who reads it, and two files of one run compare. */
const KEY = randomBytes(32);
const digestOf = (value: unknown): string =>
    createHmac("sha256", KEY).update(JSON.stringify(value)).digest("hex");

/** Pulumi's own form of a secret in a stack's file: another text for each encryption, and nothing to read. */
const isSecure = (value: unknown): boolean => mapIn(value).secure !== undefined;

/** What a stack's file says beside its config: how secrets are encrypted, and which environments are added. */
const ENCRYPTION = ["encryptionsalt", "encryptedkey"];

/** Everything in the file but the topology and the exemptions, by key. */
function rest(file: Inputs): Inputs {
    const { config, ...outside } = file;
    const inside = Object.entries(mapIn(config)).filter(
        ([key]) => key !== CONFIG_KEY && key !== EXEMPTIONS,
    );
    return { ...Object.fromEntries(inside), ...outside };
}

const shownOf = (values: Inputs, secrets: readonly string[]): Facts =>
    Object.fromEntries(
        // As a map: what stands under a name for a secret is one.
        Object.entries(mapIn(maskValue(values, secrets))).map(([key, value]) => [
            key,
            isSecure(value) || ENCRYPTION.includes(key) ? HIDDEN : (textOf(value) ?? "null"),
        ]),
    );

const digestsOf = (values: Inputs): Facts =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, digestOf(value)]));

/** Pulumi hands a map to the program in the order of its keys, whatever the file's order. */
const inOrder = (map: Inputs): Inputs =>
    Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Reads a stack's file.
 * @param what the file, as an error names it
 * @throws BaseError when it is no YAML, or has no right topology
 */
export function readStackFile(text: string, what: string, secrets: readonly string[]): StackFile {
    let file: unknown;
    try {
        file = parse(text);
    } catch {
        // The parser's own error quotes lines of the file.
        throw new BaseError(`${what} is no readable YAML`);
    }
    const config = mapIn(maskValue(mapIn(mapIn(file).config), secrets));
    const given = config[CONFIG_KEY];
    if (given === undefined) throw new BaseError(`${what} has no topology (key ${CONFIG_KEY})`);
    const whole = mapIn(given);
    try {
        const topology = parseTopology({ ...whole, hosts: inOrder(mapIn(whole.hosts)) });
        return {
            topology,
            beside: {
                access: accessOf(topology),
                otherHosts: otherHostsOf(topology),
                exemptions: exemptionsOf(config[EXEMPTIONS]),
                config: shownOf(rest(mapIn(file)), secrets),
                digests: digestsOf(rest(mapIn(file))),
            },
        };
    } catch (error) {
        if (error instanceof ProblemsError)
            throw new BaseError(`${what}: ${error.message}`, { cause: error });
        throw error;
    }
}
