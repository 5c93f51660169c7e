import { z } from "zod";

import { shown } from "../problem";

/** Cinder's major versions by OpenStack release, from the first with RBD replication. */
export const RELEASES: Record<string, number> = {
    ocata: 10,
    pike: 11,
    queens: 12,
    rocky: 13,
    stein: 14,
    train: 15,
    ussuri: 16,
    victoria: 17,
    wallaby: 18,
    xena: 19,
    yoga: 20,
    zed: 21,
    "2023.1": 22,
    antelope: 22,
    "2023.2": 23,
    bobcat: 23,
    "2024.1": 24,
    caracal: 24,
    "2024.2": 25,
    dalmatian: 25,
    "2025.1": 26,
    epoxy: 26,
    "2025.2": 27,
    flamingo: 27,
    "2026.1": 28,
    gazpacho: 28,
    "2026.2": 29,
};

/** From here on a replication device has a `secret_uuid` of its own. */
export const TRAIN = 15;

const NEWEST = Math.max(...Object.values(RELEASES));

function majorOf(given: string | number): number | undefined {
    const name = String(given).toLowerCase();
    if (Object.hasOwn(RELEASES, name)) return RELEASES[name];
    const major = Number(given);
    return Number.isInteger(major) && major >= 10 && major <= NEWEST + 4 ? major : undefined;
}

const error = (issue: { input?: unknown }) =>
    `must be an OpenStack release from ocata (10) on, by name or major number, got ${shown(issue.input)}`;

export const release = z
    .union([z.string(), z.number()], { error })
    .refine((given) => majorOf(given) !== undefined, { error })
    .transform((given) => majorOf(given) ?? NEWEST);
