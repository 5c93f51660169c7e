import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

const kept = new Map<string, string>();

/** A script of host/ as base64 of zlib. It lies beside the sources, and one folder further up from the built package. */
function packed(name: string): string {
    const text = kept.get(name);
    if (text !== undefined) return text;
    const file = [join(__dirname, "../host", name), join(__dirname, "../../host", name)].find(
        (path) => existsSync(path),
    );
    if (file === undefined) throw new Error(`host/${name} is missing from this installation`);
    const fresh = deflateSync(readFileSync(file), { level: 9 }).toString("base64");
    kept.set(name, fresh);
    return fresh;
}

/** Every checkpoint of the state holds every script's stdin, so the script goes compressed. */
const UNPACK =
    'import base64, zlib; exec(compile(zlib.decompress(base64.b64decode(i.readline())), "cinder-dr", "exec"))\n';

/**
 * What such a command reads: a first script after its length, the compressed script on a line, the request.
 * Another zlib may compress otherwise; the hosts are then asked once more and answer that nothing has changed.
 */
export const scriptStdin = (name: string, request: object): string =>
    `${String(UNPACK.length)}\n${UNPACK}${packed(name)}\n${JSON.stringify(request)}\n`;
