import { readFileSync } from "node:fs";

import type { Command } from "commander";
import { parse, YAMLParseError } from "yaml";

import type { Source } from "../core/operation";
import { ProblemsError } from "../core/problem";
import { CONFIG_KEY, parseTopology, type Topology } from "../core/topology";

export type { Source };

/** Adds the options that name the topology. */
export const withSource = (command: Command): Command =>
    command
        .option("--stack <name>", "stack whose Pulumi.<name>.yaml holds the topology")
        .option("--topology <file>", "file with the topology, or a stack's file");

/** Help text of a verb that asks OpenStack and the sites. */
export const CREDENTIALS = `
Credentials: OS_CLOUD (clouds.yaml) or the OS_* variables for OpenStack, the SSH agent or the topology's
identityFile for the hosts. Pulumi, its state and its passphrase are not needed.
`;

/** What the command line asks for is wrong or missing. */
export class UsageError extends Error {
    override readonly name = "UsageError";
}

function readYaml(file: string): unknown {
    try {
        return parse(readFileSync(file, "utf8"), { prettyErrors: true });
    } catch (error) {
        if (error instanceof YAMLParseError) throw new UsageError(`${file}: ${error.message}`);
        const { code = "unreadable" } = error as NodeJS.ErrnoException;
        throw new UsageError(`${file}: cannot be read (${code})`);
    }
}

/** The file that the command line names. @throws UsageError */
export function topologyFile({ stack, topology }: Source): string {
    if ((stack === undefined) === (topology === undefined))
        throw new UsageError("name either --stack NAME or --topology FILE");
    return topology ?? `Pulumi.${stack ?? ""}.yaml`;
}

/** What a file says, read by `parse`. @throws UsageError, or ProblemsError with the file's name */
export function readWith<T>(file: string, parse: (given: unknown) => T): T {
    const content = readYaml(file) as { config?: Record<string, unknown> | null } | null;
    // An empty `config:` is null and still a stack's file.
    const given = content?.config === undefined ? content : content.config?.[CONFIG_KEY];
    if (given === undefined || given === null)
        throw new UsageError(`${file}: has no topology (key ${CONFIG_KEY})`);
    try {
        return parse(given);
    } catch (error) {
        if (error instanceof ProblemsError) throw new ProblemsError(file, error.problems);
        throw error;
    }
}

/**
 * The topology of a stack or a file. Pulumi, its state and its passphrase are not needed: in an outage git is all
 * there is.
 * @throws UsageError or ProblemsError
 */
export const readTopology = (source: Source): Topology =>
    readWith(topologyFile(source), parseTopology);
