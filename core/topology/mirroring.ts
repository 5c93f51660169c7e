import { z } from "zod";

import { shown } from "../problem";
import { cephName, closed, line, matching } from "./text";

/** A refusal that this consent overrides. */
const reason = (what: string) =>
    line("a reason")
        .min(1, { error: () => "must be a reason" })
        .optional()
        .describe(`Why this may be done though protection or access is lost: ${what}.`);

const cap = (daemon: string) =>
    line(`a cap of ${daemon}`).refine(
        (text) =>
            /^profile rbd(?:-read-only)? pool=[A-Za-z0-9][A-Za-z0-9_.-]*(?: namespace=[A-Za-z0-9_.-]+)?$/.test(
                text,
            ),
        {
            error: (issue) =>
                `must be no wider than a profile of one pool, 'profile rbd pool=<pool>' or 'profile rbd-read-only pool=<pool>', got ${shown(issue.input)}`,
        },
    );

const caps = (daemon: string) =>
    z
        .array(cap(daemon), {
            error: (issue) => `must be a list of caps, got ${shown(issue.input)}`,
        })
        .optional();

const userInput = closed("a user's further caps", {
    osd: caps("osd").describe(
        "Further caps for the OSDs, e.g. `profile rbd pool=vms`, `profile rbd-read-only pool=images`.",
    ),
    mgr: caps("mgr").describe("Further caps for the mgr, e.g. `profile rbd pool=vms`."),
});

export const mirroringInput = closed("the Ceph side", {
    createPools: closed("how missing pools are made", {
        pgNum: z
            .int({ error: (issue) => `must be a power of 2, got ${shown(issue.input)}` })
            .min(1, { error: (issue) => `must be a power of 2, got ${shown(issue.input)}` })
            .max(65536, { error: (issue) => `must be at most 65536, got ${shown(issue.input)}` })
            .refine((n) => Number.isInteger(Math.log2(n)), {
                error: (issue) => `must be a power of 2, got ${shown(issue.input)}`,
            })
            .optional()
            .describe("`pg_num` of a new pool. Defaults to the cluster's own default."),
    })
        .optional()
        .describe(
            "Make the backends' pools on a site where they are missing. Without it they must be there.",
        ),
    users: z
        .record(cephName("a Ceph user without 'client.'"), userInput, {
            error: (issue) => `must be a map of Ceph users, got ${shown(issue.input)}`,
        })
        .optional()
        .describe(
            "What a backend's user may do beside its own pools, because others use it too. Defaults to nothing.",
        ),
    clientFiles: closed("the clients' files on the Cinder hosts", {
        owner: matching(/^[a-z_][a-z0-9_-]*$/, "a login name")
            .optional()
            .describe("Owner of the keyrings. Defaults to root."),
        group: matching(/^[a-z_][a-z0-9_-]*$/, "a group")
            .optional()
            .describe("Group of the keyrings. Defaults to the group of the host's serviceUser."),
        keyringMode: matching(/^0?[46][04]0$/, "a mode that others cannot read, e.g. 0640")
            .optional()
            .describe("Mode of the keyrings. Defaults to 0640."),
    })
        .optional()
        .describe(
            "Put each backend's conf and keyring on its Cinder hosts, for both sites. Without it they must be there.",
        ),
    consent: closed("a map of consents", {
        changeMode: reason("the pool is mirrored in mode `pool`: change it to `image`"),
        replacePeer: reason(
            "the pool has another peer, or one that is not wired both ways: remove it first",
        ),
        renameSite: reason("the cluster has another site name and its pools have peers"),
        narrowCaps: reason("a user that was there before may do more than its profiles"),
    })
        .optional()
        .describe("Refusals overridden: name to reason."),
}).describe(
    "The Ceph side as desired state: pools, peers, users and daemons. Without it Ceph is only used.",
);

/** What a site refuses because protection or somebody's access would be lost, unless the topology consents. */
export type MirroringRefusal = "changeMode" | "replacePeer" | "renameSite" | "narrowCaps";

export type Caps = Record<"mon" | "osd" | "mgr", string>;

/** The Ceph side as desired state, all defaults filled in. */
export interface Mirroring {
    /** Make pools that are missing; undefined: they must be there. */
    createPools?: { pgNum?: number };
    /** Further caps of backends' users, by user. */
    users: Record<string, { osd: string[]; mgr: string[] }>;
    /** Keep conf and keyrings on the Cinder hosts; undefined: they must be there. */
    clientFiles?: { owner: string; group?: string; keyringMode: string };
    consent: Partial<Record<MirroringRefusal, string>>;
}

export function resolveMirroring(given: z.output<typeof mirroringInput>): Mirroring {
    const { createPools, clientFiles } = given;
    const { owner = "root", group, keyringMode = "0640" } = clientFiles ?? {};
    return {
        ...(createPools === undefined
            ? {}
            : { createPools: createPools.pgNum === undefined ? {} : { pgNum: createPools.pgNum } }),
        users: Object.fromEntries(
            Object.entries(given.users ?? {}).map(([user, { osd = [], mgr = [] }]) => [
                user,
                { osd, mgr },
            ]),
        ),
        ...(clientFiles === undefined
            ? {}
            : {
                  clientFiles: {
                      owner,
                      ...(group === undefined ? {} : { group }),
                      keyringMode: keyringMode.padStart(4, "0"),
                  },
              }),
        consent: Object.fromEntries(
            Object.entries(given.consent ?? {}).filter(([, why]) => why !== undefined),
        ),
    };
}
