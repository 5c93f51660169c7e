import { z } from "zod";

import { shown } from "../problem";

/** A string that fits `pattern`; `demand` completes the sentence «must be …». */
export const matching = (pattern: RegExp, demand: string) =>
    z
        .string({ error: (issue) => `must be ${demand}, got ${shown(issue.input)}` })
        .max(255, { error: () => "must be at most 255 characters" })
        .regex(pattern, { error: (issue) => `must be ${demand}, got ${shown(issue.input)}` });

/**
 * Free text on one line. Control characters are refused because a line break would write a further line into
 * cinder.conf; lone surrogates because they have no UTF-8 form.
 */
export const line = (demand: string, max = 255) =>
    z
        .string({ error: (issue) => `must be ${demand}, got ${shown(issue.input)}` })
        .max(max, { error: () => `must be at most ${String(max)} characters` })
        .refine((text) => !/[\p{Cc}\u2028\u2029\ufeff]/u.test(text) && !/\p{Cs}/u.test(text), {
            error: (issue) =>
                `must be ${demand} on one line without control characters, got ${shown(issue.input)}`,
        })
        .refine((text) => text.trim() === text, {
            error: (issue) => `must not start or end with a space, got ${shown(issue.input)}`,
        });

/** Name of a Ceph cluster, pool, user: part of file names (`/etc/ceph/<cluster>.client.<user>.keyring`) and of command words. */
export const cephName = (what: string) =>
    matching(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, `${what} of letters, digits, '_', '.' and '-'`);

/**
 * An absolute path of plain characters. `,` and `:` would split a `replication_device`, `$` would be substituted by
 * oslo.config, `#` and spaces do not survive hand edits.
 */
export const path = (what: string) =>
    matching(
        /^(?:\/(?!\.\.?(?:\/|$))[A-Za-z0-9._@+-]+)+$/,
        `${what}: an absolute path of letters, digits and '._@+-', without '..'`,
    );

export const uuid = (what: string) =>
    matching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
        `${what}: a UUID in lower case`,
    );

export const port = z
    .int({ error: (issue) => `must be a port from 1 to 65535, got ${shown(issue.input)}` })
    .min(1, { error: (issue) => `must be a port from 1 to 65535, got ${shown(issue.input)}` })
    .max(65535, { error: (issue) => `must be a port from 1 to 65535, got ${shown(issue.input)}` });

/**
 * Whole seconds from 1 to `max`.
 * @param also what else is right, for the sentence
 */
export const seconds = (max: number, also = "") => {
    const error = (issue: { input?: unknown }) =>
        `must be whole seconds from 1 to ${String(max)}${also}, got ${shown(issue.input)}`;
    return z.int({ error }).min(1, { error }).max(max, { error });
};

export const flag = z.boolean({
    error: (issue) => `must be true or false, got ${shown(issue.input)}`,
});

/** A command as words, run without a shell. */
export const words = (what: string) =>
    z
        .array(line("a word of the command", 4096).min(1, { error: () => "must not be empty" }), {
            error: (issue) => `must be ${what}: a list of words, got ${shown(issue.input)}`,
        })
        .max(64, { error: () => "must be at most 64 words" });

/** An object with exactly the keys of `shape`; an unknown key is refused at its own path. */
export const closed = <S extends z.ZodRawShape>(what: string, shape: S) =>
    z.strictObject(shape, {
        error: (issue) => {
            if (issue.code !== "unrecognized_keys")
                return `must be ${what}, got ${shown(issue.input)}`;
            return `must be one of ${Object.keys(shape).join(", ")}`;
        },
    });

/** A map from names that fit `key` to values. */
export const named = <V extends z.ZodType>(what: string, key: z.ZodString, value: V) =>
    z.record(key, value, {
        error: (issue) => `must be ${what}, got ${shown(issue.input)}`,
    });

/** A map from names that fit `key` to values, with at least one entry. */
export const someNamed = <V extends z.ZodType>(what: string, key: z.ZodString, value: V) =>
    named(what, key, value).refine((entries) => Object.keys(entries).length > 0, {
        error: () => `must be ${what} with at least one entry`,
    });
