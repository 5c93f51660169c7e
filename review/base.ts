import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import { parse } from "yaml";

import { renderStanza } from "../core/cinderConf";
import { ProblemsError } from "../core/problem";
import { planWaves } from "../core/rollout";
import { CONFIG_KEY, parseTopology, type Host, type Topology } from "../core/topology";
import { cephSideOf } from "./cephSide";
import { optionsIn, type Declared, type DeclaredHost } from "./declared";
import { factsOf } from "./facts";
import { maskText, maskValue } from "./mask";

const git = promisify(execFile);
const GIT_MILLISECONDS = 30_000;

/** The other side of the comparison cannot be had: the ref, the file or its topology is wrong. */
export class BaseError extends Error {
    override readonly name = "BaseError";
}

const hostOf = (host: Host, topology: Topology): DeclaredHost => {
    const { address, port, user, hostKey, proxy } = host.connection;
    const { configFile, python, serviceUser, service, site, skipChecks } = host;
    const consents = Object.entries(host.consent).map(([refusal, why]) => [
        `consent ${refusal}`,
        why,
    ]);
    const served = topology.backends.filter((b) => host.backends.includes(b.section));
    const facts = { address, port, user, hostKey, proxy: proxy?.address, configFile, python };
    return {
        facts: factsOf({
            ...facts,
            ...{ serviceUser, service, site, skipChecks, unreachable: host.unreachable },
            backends: served
                .map((b) => b.section)
                .sort()
                .join(", "),
            ...(Object.fromEntries(consents) as Record<string, string>),
        }),
        stanzas: Object.fromEntries(served.map((b) => [b.section, renderStanza(b)])),
    };
};

/** What the project's own program declares for a topology; the components say the same to the engine. */
export function declaredBy(topology: Topology): Declared {
    const { sites, release, rollout, timeouts, hosts } = topology;
    const reachable = hosts.filter((host) => host.unreachable === undefined);
    const waves = planWaves(reachable, rollout.canary, rollout.batch);
    return {
        sites: { primary: sites.primary.name, secondary: sites.secondary.name },
        settings: factsOf({ release, ...rollout, ...timeouts }),
        waves: waves.map((wave) => wave.map((host) => host.name)),
        backends: new Map(topology.backends.map((b) => [b.section, optionsIn(renderStanza(b))])),
        hosts: new Map(hosts.map((host) => [host.name, hostOf(host, topology)])),
        ceph: cephSideOf(topology),
        types: new Map(
            topology.volumeTypes.map((type) => [
                type.name,
                {
                    ...factsOf({ description: type.description, isPublic: type.isPublic }),
                    ...type.extraSpecs,
                    protect: String(type.protect),
                    ...(type.retainOnDelete ? { retainOnDelete: "true" } : {}),
                    ...factsOf({ projects: type.projects.join(", ") || undefined }),
                },
            ]),
        ),
    };
}

interface StackFile {
    config?: Record<string, { hosts?: Record<string, unknown> } | undefined> | null;
}

/** Pulumi hands a map to the program in the order of its keys, whatever the file's order. */
const inOrder = (map: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

function topologyIn(text: string, what: string, secrets: readonly string[]): Topology {
    let file: StackFile | null;
    try {
        file = parse(text) as StackFile | null;
    } catch {
        // The parser's own error quotes lines of the file.
        throw new BaseError(`${what} is no readable YAML`);
    }
    const given = file?.config?.[CONFIG_KEY];
    if (given === undefined) throw new BaseError(`${what} has no topology (key ${CONFIG_KEY})`);
    const hidden = maskValue({ ...given, hosts: inOrder(given.hosts ?? {}) }, secrets);
    try {
        return parseTopology(hidden);
    } catch (error) {
        if (error instanceof ProblemsError)
            throw new BaseError(`${what}: ${error.message}`, { cause: error });
        throw error;
    }
}

/**
 * The topology of the stack's file at a commit.
 * @param folder the folder of the stack's file, inside a git work tree
 * @throws BaseError when there is no such commit, file or valid topology
 */
export async function topologyAt(
    ref: string,
    file: string,
    folder: string,
    secrets: readonly string[],
): Promise<Topology> {
    const at = async (...words: string[]): Promise<string> =>
        (await git("git", words, { cwd: folder, timeout: GIT_MILLISECONDS, maxBuffer: 1 << 26 }))
            .stdout;
    let commit: string;
    try {
        commit = await at(
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            `${ref}^{commit}`,
        );
    } catch (error) {
        throw new BaseError(`--base must be a commit of this repository, got '${ref}'`, {
            cause: error,
        });
    }
    let text: string;
    try {
        text = await at("show", `${commit.trim()}:./${file}`);
    } catch (error) {
        throw new BaseError(`--base ${maskText(ref, secrets)} has no ${file}`, { cause: error });
    }
    return topologyIn(text, `${file} of ${ref}`, secrets);
}

/** The topology of the stack's file in the work tree. @throws BaseError */
export function topologyNow(file: string, secrets: readonly string[]): Topology {
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch (error) {
        const { code = "unreadable" } = error as NodeJS.ErrnoException;
        throw new BaseError(`${file}: cannot be read (${code})`, { cause: error });
    }
    return topologyIn(text, file, secrets);
}
