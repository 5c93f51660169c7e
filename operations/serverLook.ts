import type { ConnectionInfo } from "../core/servers";
import type { ServerPlan } from "../core/serverPlan";
import type { Cinder } from "./cinder";
import type { Journal } from "./journal";
import type { Nova, SeenServer } from "./nova";

/** A guest that ignores the shutdown takes Nova's shutdown_timeout, 60 s by default, and then it is copied away. */
export const SERVER_SECONDS = 600;

export interface Cures {
    cinder: Cinder;
    nova: Nova;
    journal: Journal;
    expected: Required<ConnectionInfo>;
    signal: AbortSignal;
}

/** One server was not cured; says where it stands now. */
export class CureError extends Error {
    override readonly name: string = "CureError";
}

/** Nova no longer knows the server: nothing is left to do for it. */
export class GoneError extends CureError {
    override readonly name = "GoneError";
}

export const GONE = "Nova no longer knows it: it was deleted in the meantime";

/** @throws GoneError once Nova knows it no longer */
export async function lookAt(
    nova: Nova,
    { id, name }: Pick<ServerPlan, "id" | "name">,
): Promise<SeenServer> {
    const server = await nova.server(id);
    if (server !== undefined) return server;
    const fact = `server ${name} (${id}) is gone from Nova`;
    throw (await nova.isGone(id)) ? new GoneError(fact) : new CureError(fact);
}
