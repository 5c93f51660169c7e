import { isMap, parseDocument, type Document } from "yaml";

import type { BackendInput } from "../core/adopt/backend";
import type { AdoptedType } from "../core/adopt/volumeType";
import { CONFIG_KEY, parseTopology } from "../core/topology";

/** What an adoption adds to a topology. */
export interface Adopted {
    backends: Record<string, BackendInput>;
    /** Backends of hosts that serve not all of them. */
    hosts: Record<string, string[]>;
    volumeTypes: Record<string, AdoptedType>;
}

/** A map that entries can be added to line by line; `backends:` and `backends: {}` are none yet. */
function open(document: Document, path: string[]): void {
    const at = document.getIn(path, true);
    if (!isMap(at)) document.setIn(path, document.createNode({}));
    const map = document.getIn(path, true);
    if (isMap(map) && map.items.length === 0) map.flow = false;
}

/** Adds to an entry what it does not say itself. */
function merge(document: Document, path: string[], more: object): void {
    const given = document.getIn(path) as { toJSON?: () => object } | undefined;
    document.setIn(path, document.createNode({ ...given?.toJSON?.(), ...more }));
}

/**
 * The file's text with what is adopted; everything else stays, comments included.
 * @throws ProblemsError when it is no whole topology then
 */
export function withAdopted(text: string, { backends, hosts, volumeTypes }: Adopted): string {
    const document = parseDocument(text);
    const root = document.has("config") ? ["config", CONFIG_KEY] : [];
    for (const part of ["backends", "volumeTypes"]) open(document, [...root, part]);
    for (const [name, backend] of Object.entries(backends))
        document.setIn([...root, "backends", name], document.createNode(backend));
    for (const [name, list] of Object.entries(hosts))
        document.setIn(
            [...root, "hosts", name, "backends"],
            document.createNode(list, { flow: true }),
        );
    for (const [name, type] of Object.entries(volumeTypes))
        merge(document, [...root, "volumeTypes", name], type);
    const after: unknown = document.toJS();
    parseTopology(
        root.length === 0
            ? after
            : (after as { config: Record<string, unknown> }).config[CONFIG_KEY],
    );
    return document.toString({ lineWidth: 0, indent: 4 });
}
