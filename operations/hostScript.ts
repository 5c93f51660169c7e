import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { CommandResult } from "./ssh";

/** What a script of host/ is asked; the script knows the words that belong to `do`. */
export interface Question {
    do: string;
    [word: string]: unknown;
}

/** A script of host/. They lie beside the sources, and one folder further up from the built package. */
export function readScript(name: string): Buffer {
    const places = [join(__dirname, "../host", name), join(__dirname, "../../host", name)];
    const found = places.find((file) => existsSync(file));
    if (found === undefined) throw new Error(`host/${name} is missing from this installation`);
    return readFileSync(found);
}

/** A script of host/ with its request in front, as `python3 -` reads it: a JSON string is a Python string too. */
export const withRequest = (name: string, request: object): Buffer =>
    Buffer.from(
        `REQUEST = ${JSON.stringify(JSON.stringify(request))}\n${readScript(name).toString("utf8")}`,
    );

/** Id of the cluster that host/pool.py had an answer of, whatever became of the rest. */
export function lifeIn({ stdout }: CommandResult): string | undefined {
    return /^{"lives": "([^"]+)"}$/m.exec(stdout.toString("utf8"))?.[1];
}

/** The script's answer: one JSON object on the last line. undefined: it came to no answer, or to a part of one. */
export function answerIn({ stdout }: CommandResult): { error?: string } | undefined {
    const line = stdout.toString("utf8").trim().split("\n").at(-1) ?? "";
    if (!line.startsWith("{")) return undefined;
    try {
        return JSON.parse(line) as { error?: string };
    } catch {
        // A large answer is written in pieces: its limit of time, or a lost process, cuts it in the middle.
        return undefined;
    }
}

/** Why a command has failed, or a script has come to no answer: what it said last. */
export const saidLast = ({ code, stderr }: CommandResult): string =>
    code === 0 ? "its answer is no whole JSON object" : (stderr.split("\n").at(-1) ?? "");
