import { type Inputs, mapIn, once, type Seen, textIn, UNKNOWN } from "../seen";
import { CINDER_HOST, COPIES, REMOTE_COMMAND } from "./texts";

/** One hop of an SSH connection: the host itself, or a jump host before it. */
export interface Hop {
    /** Path of its fields, empty for the inputs themselves. */
    at: string;
    fields: Inputs;
}

const hopsIn = (fields: Inputs, at: string): Hop[] => {
    const proxy = fields.proxy;
    return [
        { at, fields },
        ...(proxy === undefined || proxy === null
            ? []
            : [{ at: `${at}.proxy`, fields: mapIn(proxy) }]),
    ];
};

/** The SSH hops that a resource makes. */
export const hopsOf = (seen: Seen): Hop[] => once(seen, allHops);

function allHops({ type, inputs }: Seen): Hop[] {
    if (type === CINDER_HOST) return [{ at: "host", fields: { ...inputs, host: inputs.address } }];
    if (type !== REMOTE_COMMAND && !COPIES.includes(type)) return [];
    return inputs.connection === UNKNOWN ? [] : hopsIn(mapIn(inputs.connection), "connection");
}

/** Where the hop leads to, without what a secret could be. */
export const addressOf = ({ fields }: Hop): string | undefined =>
    textIn(fields.host)?.toLowerCase();
