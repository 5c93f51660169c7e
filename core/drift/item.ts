/** ok: as the topology says; drifted: otherwise; cannot see: not reached, or not allowed to ask. */
export type DriftState = "ok" | "drifted" | "cannot see";

/** One thing that was compared with the topology. */
export interface DriftItem {
    /** Path in the topology of what it belongs to, e.g. `hosts.cinder-a`. */
    part: string;
    /** What was looked at, e.g. `cinder.conf [ceph] rbd_user`. */
    subject: string;
    state: DriftState;
    /** The value found, or why it cannot be seen; never a secret. */
    found: string;
    /** The value that the topology asks for; given when it drifted. */
    wanted?: string;
    /** What puts it right; given when it drifted. */
    next?: string;
}

/** What puts right what a push of `pulumi up` owns. */
export const BY_UP = "`cinder-dr drift --record`, then `pulumi up`";

export const isRepairedByUp = ({ next }: DriftItem): boolean => next === BY_UP;

/** Items of one part of the topology, made one at a time. */
export const itemsOf = (part: string) => ({
    ok: (subject: string, found: string): DriftItem => ({ part, subject, state: "ok", found }),
    drifted: (subject: string, found: string, wanted: string, next: string): DriftItem => ({
        part,
        subject,
        state: "drifted",
        found,
        wanted,
        next,
    }),
    unseen: (subject: string, why: string): DriftItem => ({
        part,
        subject,
        state: "cannot see",
        found: why,
    }),
});

/** `12 ok, 1 drifted, 0 cannot be seen` */
export function summarizeDrift(items: readonly DriftItem[]): string {
    const count = (state: DriftState) => items.filter((item) => item.state === state).length;
    return `${String(count("ok"))} ok, ${String(count("drifted"))} drifted, ${String(count("cannot see"))} cannot be seen`;
}
