import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The scripts lie beside the sources, and one folder further up from the built package. */
function locate(name: string): string {
    const places = [join(__dirname, "../host", name), join(__dirname, "../../host", name)];
    const found = places.find((file) => existsSync(file));
    if (found === undefined) throw new Error(`host/${name} is missing from this installation`);
    return found;
}

/** A script of host/ with its request in front, as `python3 -` reads it: a JSON string is a Python string too. */
export const withRequest = (name: string, request: object): Buffer =>
    Buffer.from(
        `REQUEST = ${JSON.stringify(JSON.stringify(request))}\n${readFileSync(locate(name), "utf8")}`,
    );
