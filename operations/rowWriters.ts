import { blocker } from "../core/blocker";
import type { Survey } from "../core/survey";
import { RefusedError } from "./operationEnd";
import type { RunOptions } from "./run";

/** Host to why rows cannot be written through it. */
export type Unwritable = ReadonlyMap<string, string>;

/**
 * Connects each host of the backend to Cinder's database and message broker, once: what fails after the first service is
 * stopped leaves a move in its middle.
 */
export async function tryWriters({ parts, backend }: RunOptions): Promise<Unwritable> {
    const tried = parts.hostsOf(backend).map(async (host) => {
        const trouble = await host.connect();
        return trouble === undefined ? [] : [[host.host.name, trouble] as const];
    });
    return new Map((await Promise.all(tried)).flat());
}

/** A survey that knows of its hosts whether rows can be written through them. */
export const withWriters = (survey: Survey, unwritable: Unwritable): Survey => ({
    ...survey,
    hosts: survey.hosts.map((host) => {
        const trouble = unwritable.get(host.name);
        return trouble === undefined ? host : { ...host, unwritable: trouble };
    }),
});

/** @throws RefusedError where hosts answer, and none of them can write rows */
export function refuseUnwritable({ hosts }: Survey): void {
    const seen = hosts.filter(({ unseen }) => unseen === undefined);
    if (seen.length === 0 || seen.some(({ unwritable }) => unwritable === undefined)) return;
    throw new RefusedError(
        "refused, nothing was changed: rows can be written through no host of the topology",
        seen.map(({ name, unwritable }) =>
            blocker(
                name,
                unwritable ?? "",
                "mend that: the connection is the one of the files that its cinder-volume reads; without --write-rows and --write-all-rows Cinder moves what lives",
            ),
        ),
    );
}
