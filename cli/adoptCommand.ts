import { readFileSync, renameSync, writeFileSync } from "node:fs";

import type { Command } from "commander";
import { parseDocument } from "yaml";

import { planAdoption, type Adoption, type AdoptedType } from "../core/adopt";
import { CONFIG_KEY, parseTopology } from "../core/topology";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { ExitCode, type Done } from "./exitCode";
import { CREDENTIALS, readTopology, withSource, type Source } from "./topologyFile";

export interface AdoptFlags extends Source {
    write?: boolean;
    json?: boolean;
}

export const formatAdoption = (adoption: Adoption): string =>
    "adopt" in adoption
        ? `adopt   ${adoption.name}: id ${adoption.adopt.importId}, backend ${adoption.adopt.backend}`
        : `${adoption.isProblem ? "PROBLEM" : "leave  "} ${adoption.name}: ${adoption.leave}`;

/** Adds the types to the file and keeps everything else in it, comments included. */
export function withTypes(text: string, types: Record<string, AdoptedType>): string {
    const document = parseDocument(text);
    const at = document.has("config") ? ["config", CONFIG_KEY] : [];
    for (const [name, type] of Object.entries(types)) {
        const path = [...at, "volumeTypes", name];
        const given = document.getIn(path) === undefined ? {} : document.getIn(path, false);
        const before = (given as { toJSON?: () => object }).toJSON?.() ?? {};
        document.setIn(path, document.createNode({ ...before, ...type }));
    }
    const after: unknown = document.toJS();
    const root =
        at.length === 0 ? after : (after as { config: Record<string, unknown> }).config[CONFIG_KEY];
    parseTopology(root);
    return document.toString({ lineWidth: 0, indent: 4 });
}

function write(file: string, types: Record<string, AdoptedType>): void {
    const text = withTypes(readFileSync(file, "utf8"), types);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
}

export async function runAdopt({ json = false, ...flags }: AdoptFlags): Promise<ExitCode> {
    const topology = readTopology(flags);
    const cinder = new Cinder(findCloud(process.env));
    const types = await cinder.volumeTypes().finally(() => cinder.close());
    const plan = planAdoption(topology, types);
    const adopted = plan.flatMap((a) => ("adopt" in a ? [[a.name, a.adopt] as const] : []));
    const file = flags.topology ?? `Pulumi.${flags.stack ?? ""}.yaml`;
    const written = flags.write === true && adopted.length > 0;
    if (written) write(file, Object.fromEntries(adopted));
    const sound = plan.every((a) => "adopt" in a || !a.isProblem);
    if (json) console.log(JSON.stringify({ verb: "adopt", ok: sound, plan, written }));
    else {
        for (const adoption of plan) console.log(formatAdoption(adoption));
        const count = `${String(adopted.length)} volume types`;
        console.log(
            written
                ? `adopt: ${count} written to ${file}; the next \`pulumi up\` imports them as they are`
                : `adopt: ${count} to adopt${adopted.length > 0 ? `; --write adds them to ${file}` : ""}`,
        );
    }
    return sound ? ExitCode.Ok : ExitCode.Problem;
}

const ABOUT = `
Reads the volume types of Cinder and writes those that replicate on a backend of the topology into it, with their
ids, so that the next \`pulumi up\` takes them over and changes nothing. Hosts need no word: a push finds a host that
says the same already unchanged. Also the way back after Pulumi's state is lost. Changes nothing in the cloud.
`;

export const adoptCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("adopt")
            .description("take existing volume types into the topology, with their ids"),
    )
        .option("--write", "write them into the file (default: only show)")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", ABOUT + CREDENTIALS)
        .action(async (flags: AdoptFlags) => {
            done(await runAdopt(flags));
        });
