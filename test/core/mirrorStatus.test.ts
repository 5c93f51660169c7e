import assert from "node:assert/strict";

import { parseImageInfo, parseMirrorStatus } from "../../core/mirrorStatus";

/** As Ceph 16.2.15 wrote them. */
const REPLAYING =
    'replaying, {"bytes_per_second":2244473.07,"entries_behind_primary":33655,"entries_per_second":170.73,"non_primary_position":{"entry_tid":5121,"object_number":5,"tag_tid":2},"primary_position":{"entry_tid":5121,"object_number":5,"tag_tid":2},"seconds_until_synced":64}';
const SNAPSHOT =
    'replaying, {"bytes_per_second":0.0,"bytes_per_snapshot":8323072.0,"last_snapshot_bytes":0,"last_snapshot_sync_seconds":0,"local_snapshot_timestamp":1795340880,"remote_snapshot_timestamp":1795340880,"replay_state":"idle"}';
const status = (state: string, description?: string) =>
    JSON.stringify({
        name: "jimg",
        global_id: "f9f8b9ef-d426-4178-bad2-e0f87b4fc47a",
        state,
        description,
        daemon_service: {
            service_id: "4122",
            instance_id: "4124",
            daemon_id: "secondary",
            hostname: "vm",
        },
        last_update: "2026-11-22 09:44:12",
        peer_sites: [
            { site_name: "primary", state: "up+stopped", description: "local image is primary" },
        ],
    });

describe("an image's mirror status", () => {
    it("of a replaying journal image names its lag", () => {
        assert.deepEqual(parseMirrorStatus(status("up+replaying", REPLAYING)), {
            state: "up+replaying",
            description: REPLAYING,
            entriesBehindPrimary: 33655,
        });
    });

    const lagless: [string, string | undefined][] = [
        ["up+stopped", "local image is primary"],
        ["up+replaying", SNAPSHOT],
        ["up+replaying", "replaying, {not json"],
        ["up+replaying", 'replaying, {"entries_behind_primary":"many"}'],
        ["down+unknown", "status not found"],
        ["up+unknown", undefined],
    ];
    for (const [state, description = ""] of lagless)
        it(`of ${state} '${description.slice(0, 30)}' names none`, () => {
            assert.deepEqual(parseMirrorStatus(status(state, description)), { state, description });
        });

    it("fails without a state", () => {
        assert.throws(
            () => parseMirrorStatus("{}"),
            /^Error: rbd mirror image status named no state$/,
        );
    });
});

describe("an image's info", () => {
    const IMAGE =
        '{"name":"fj","id":"11b85bbc73fb","size":268435456,"objects":64,"order":22,"features":["exclusive-lock","journaling"],"journal":"11b85bbc73fb","mirroring":{"mode":"journal","state":"enabled","global_id":"d7d98da5","primary":true}}';

    it("names size, features and mirroring", () => {
        assert.deepEqual(parseImageInfo(IMAGE), {
            sizeBytes: 268435456,
            features: ["exclusive-lock", "journaling"],
            mirroring: { mode: "journal", state: "enabled", primary: true },
        });
    });

    for (const plain of [
        '{"size":1,"features":["layering"]}',
        '{"size":1,"features":["layering"],"mirroring":{"state":"disabled"}}',
    ])
        it(`has no mirroring in ${plain}`, () => {
            assert.deepEqual(parseImageInfo(plain), { sizeBytes: 1, features: ["layering"] });
        });
});
