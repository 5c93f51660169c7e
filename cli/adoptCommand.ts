import { readFileSync, renameSync, writeFileSync } from "node:fs";

import type { Command } from "commander";

import { adoptedBackends, withBackends, type BackendAdoption } from "../core/adopt/backend";
import { fillDraft, parseDraft } from "../core/adopt/draft";
import { planTypes, type TypeAdoption } from "../core/adopt/volumeType";
import { seeBackends, type BackendsSeen } from "../operations/adopt";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { withAdopted, type Adopted } from "./adoptedFile";
import { ExitCode, type Done } from "./exitCode";
import { Progress } from "./print";
import { CREDENTIALS, readWith, topologyFile, withSource, type Source } from "./topologyFile";

export interface AdoptFlags extends Source {
    write?: boolean;
    json?: boolean;
}

const mark = (isProblem: boolean): string => (isProblem ? "PROBLEM" : "leave  ");

/** One backend as lines of plain text; what stays in the hosts' files stands below it. */
export function formatBackend(adoption: BackendAdoption): string {
    const { section, hosts } = adoption;
    if (!("adopt" in adoption))
        return `${mark(adoption.isProblem)} [${section}] on ${hosts.join(", ")}: ${adoption.leave}`;
    const { pool, user, replicationDevice: device, radosConnectTimeoutSeconds } = adoption.adopt;
    const lines = [
        `adopt   [${section}] on ${hosts.join(", ")}: pool ${pool}, user ${user}, replicated to ${device.backendId}`,
        ...adoption.left.map(({ option, why }) => `        ${option} stays in the file: ${why}`),
    ];
    if (radosConnectTimeoutSeconds === -1)
        lines.push(
            "        rados_connect_timeout is -1: a dead site would block the service for 300 s; set radosConnectTimeoutSeconds when a restart suits you",
            `        until then the policy connect-timeouts-are-short needs exemptions with a last day, for the resources ${[section, ...hosts].join(", ")}`,
        );
    return lines.join("\n");
}

export function formatType(adoption: TypeAdoption): string {
    if (!("adopt" in adoption))
        return `${mark(adoption.isProblem)} ${adoption.name}: ${adoption.leave}`;
    const { importId, backend, isPublic } = adoption.adopt;
    const who = isPublic === false ? ", private: its projects stay as Cinder has them" : "";
    return `adopt   ${adoption.name}: id ${importId}, backend ${backend}${who}`;
}

interface Plan extends BackendsSeen {
    types: TypeAdoption[];
    adopted: Adopted;
}

/** Asks hosts and Cinder what there is that the topology lacks. */
async function plan(file: string, signal: AbortSignal): Promise<Plan> {
    const { draft, topology } = readWith(file, (given) => {
        const filled = fillDraft(given);
        return { draft: filled, topology: parseDraft(filled) };
    });
    const cinder = new Cinder(findCloud(process.env));
    const existing = cinder.volumeTypes().finally(() => cinder.close());
    const [seen, types] = await Promise.all([seeBackends(draft, topology, signal), existing]);
    const taken = seen.hosts.length === 0 ? seen.backends : [];
    const added = adoptedBackends(taken);
    const left = new Map(
        seen.backends
            .filter(({ section }) => !added.some((b) => b.section === section))
            .map(({ section, volumeBackendName }) => [volumeBackendName ?? section, section]),
    );
    const { volumeTypes } = topology;
    const known = { backends: [...topology.backends, ...added], volumeTypes };
    const adoptions = planTypes(known, types, left);
    const ids = adoptions.flatMap((a) => ("adopt" in a ? [[a.name, a.adopt] as const] : []));
    const adopted = { ...withBackends(draft, taken), volumeTypes: Object.fromEntries(ids) };
    return { ...seen, types: adoptions, adopted };
}

function write(file: string, adopted: Adopted): void {
    const text = withAdopted(readFileSync(file, "utf8"), adopted);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
}

const counted = ({ backends, volumeTypes }: Adopted): string =>
    `${String(Object.keys(backends).length)} backends and ${String(Object.keys(volumeTypes).length)} volume types`;

function print({ hosts, backends, types }: Plan): void {
    for (const { host, problem } of hosts)
        console.log(`PROBLEM ${host}: ${problem}; no backend is taken over`);
    for (const backend of backends) console.log(formatBackend(backend));
    for (const type of types) console.log(formatType(type));
}

export async function runAdopt({ json = false, ...flags }: AdoptFlags): Promise<ExitCode> {
    const file = topologyFile(flags);
    const progress = new Progress(process.stderr);
    progress.show("asking hosts and Cinder");
    const seen = await plan(file, new AbortController().signal).finally(() => {
        progress.clear();
    });
    const { adopted, hosts, backends, types } = seen;
    const some = Object.keys({ ...adopted.backends, ...adopted.volumeTypes }).length > 0;
    const written = flags.write === true && some;
    if (written) write(file, adopted);
    const isSound = (a: BackendAdoption | TypeAdoption) => "adopt" in a || !a.isProblem;
    const ok = hosts.length === 0 && [...backends, ...types].every(isSound);
    if (json)
        console.log(JSON.stringify({ verb: "adopt", ok, hosts, backends, plan: types, written }));
    else {
        print(seen);
        console.log(
            written
                ? `adopt: ${counted(adopted)} written to ${file}; the next \`pulumi up\` takes them over as they are`
                : `adopt: ${counted(adopted)} to adopt${some ? `; --write adds them to ${file}` : ""}`,
        );
    }
    return ok ? ExitCode.Ok : ExitCode.Problem;
}

const ABOUT = `
Reads the RBD backends with a replication device from each Cinder host, as its running cinder-volume reads them, and
Cinder's volume types that replicate on them, and writes both into the topology, the types with their ids: the next
\`pulumi up\` takes them over and changes nothing. The file must name sites and hosts; \`backends\` and \`volumeTypes\`
may be missing. Also the way back after Pulumi's state is lost. Changes nothing in the cloud and on the hosts.
Exit code 3 when something cannot be taken over; each is named with its reason.
`;

export const adoptCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("adopt")
            .description("take existing backends and volume types into the topology"),
    )
        .option("--write", "write them into the file (default: only show)")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", ABOUT + CREDENTIALS)
        .action(async (flags: AdoptFlags) => {
            done(await runAdopt(flags));
        });
