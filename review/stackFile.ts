import { parse } from "yaml";

import { ProblemsError } from "../core/problem";
import { CONFIG_KEY, parseTopology, type Topology } from "../core/topology";
import { ROLES } from "../core/topology/site";
import type { Beside } from "./declared";
import { leavesOf, listIn, mapIn, text as textOf, type Facts, type Inputs } from "./facts";
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

/** The name is the sites' own; daemons are shown by the resources that run them. */
const SHOWN = ["name", "rbdMirror"];

const accessOf = ({ sites }: Topology): Facts =>
    Object.fromEntries(
        ROLES.flatMap((role) =>
            Object.entries(sites[role])
                .filter(([key]) => !SHOWN.includes(key))
                .flatMap(([key, value]) => leavesOf(value, `${role} ${key}`)),
        ),
    );

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

/** Pulumi's own form of a secret in a stack's file: another text for each encryption, and nothing to read. */
const isSecure = (value: unknown): boolean => mapIn(value).secure !== undefined;

const configOf = (config: Inputs): Facts =>
    Object.fromEntries(
        Object.entries(config)
            .filter(([key]) => key !== CONFIG_KEY && key !== EXEMPTIONS)
            .map(([key, value]) => [key, isSecure(value) ? HIDDEN : (textOf(value) ?? "null")]),
    );

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
                exemptions: exemptionsOf(config[EXEMPTIONS]),
                config: configOf(config),
            },
        };
    } catch (error) {
        if (error instanceof ProblemsError)
            throw new BaseError(`${what}: ${error.message}`, { cause: error });
        throw error;
    }
}
