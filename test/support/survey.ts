import assert from "node:assert/strict";

import type { ImageView, Pair, PoolView, VolumeFacts } from "../../core/replica";
import type { ServiceRow } from "../../core/service";
import type { Survey } from "../../core/survey";
import { parseTopology } from "../../core/topology";
import { goodTopology } from "./topology";

export const NOW = 1_800_000_000;
export const names = { primary: "paris", secondary: "lyon" };
export const topology = parseTopology(goodTopology());
const [first] = topology.backends;
assert.ok(first);
export const backend = first;

export const writer = (more: Partial<ImageView> = {}): ImageView => ({
    state: "up+stopped",
    description: "local image is primary",
    lastUpdate: NOW - 10,
    globalId: "g",
    enabled: true,
    primary: true,
    journal: true,
    peers: [],
    positions: { "": [3, 100], peer: [3, 100] },
    users: [],
    ...more,
});
export const reader = (more: Partial<ImageView> = {}): ImageView => ({
    ...writer(),
    state: "up+replaying",
    description:
        'replaying, {"bytes_per_second":2048.0,"entries_behind_primary":0,"entries_per_second":2.0}',
    primary: false,
    positions: { "": [0, 0] },
    ...more,
});
export const volume = (more: Partial<VolumeFacts> = {}): VolumeFacts => ({
    id: "v1",
    name: "db",
    status: "available",
    replicationStatus: "enabled",
    host: "cinder-a@ceph#ceph",
    project: "p1",
    image: "volume-v1",
    bootable: false,
    servers: [],
    type: "replicated",
    typeSpec: "<is> True",
    ...more,
});
export const row = (more: Partial<ServiceRow> = {}): ServiceRow => ({
    host: "cinder-a@ceph",
    status: "enabled",
    state: "up",
    updated_at: new Date((NOW - 5) * 1000).toISOString().slice(0, -1),
    replication_status: "enabled",
    active_backend_id: null,
    frozen: false,
    ...more,
});
export const view = (
    images: Record<string, ImageView>,
    more: Partial<PoolView> = {},
): PoolView => ({
    now: NOW,
    fsid: "f",
    images,
    all: Object.keys(images),
    peers: [{ site: "other", uuid: "peer", direction: 2 }],
    daemons: { list: [{ id: "1", name: "m", hostname: "h", beacon: NOW - 3 }] },
    flags: { list: [] },
    ...more,
});

/** What of a survey with one replicated volume differs from one in which all is well. */
export interface Given {
    volume?: Partial<VolumeFacts>;
    primary?: ImageView | undefined;
    secondary?: ImageView | undefined;
    rows?: ServiceRow[];
    others?: Survey["others"];
    views?: Partial<Survey["views"]>;
    hosts?: Survey["hosts"];
    mirrorHosts?: Partial<Survey["mirrorHosts"]>;
    snapshots?: Survey["snapshots"];
}

export function survey(given: Given = {}): Survey {
    const primary = "primary" in given ? given.primary : writer();
    const secondary = "secondary" in given ? given.secondary : reader();
    const facts = volume(given.volume);
    const images = (image: ImageView | undefined) =>
        image === undefined ? {} : { [facts.image]: image };
    const pair: Pair = {
        volume: facts,
        ...(primary === undefined ? {} : { primary }),
        ...(secondary === undefined ? {} : { secondary }),
    };
    return {
        backend,
        names,
        rows: given.rows ?? [row()],
        others: given.others ?? [],
        pairs: [pair],
        snapshots: given.snapshots ?? [],
        views: {
            primary: view(images(primary)),
            secondary: view(images(secondary)),
            ...given.views,
        },
        hosts: given.hosts ?? [],
        mirrorHosts: { primary: [], secondary: [], ...given.mirrorHosts },
    };
}
