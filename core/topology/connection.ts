import type { z } from "zod";

import { shown } from "../problem";
import { closed, line, matching, path, port } from "./text";

const ADDRESS_FORM = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/;
const ADDRESS = "a host name, an IPv4 or an IPv6 address";

const KEY_TYPES = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
];

/** Why `text` cannot be a pinned host key, or undefined. */
export function hostKeyFault(text: string): string | undefined {
    const [type = "", blob = ""] = text.split(/ +/);
    if (type === "ssh-rsa" || type.startsWith("rsa-"))
        // @pulumi/command 1.2.1 offers only the signature algorithm named like the key's type: SHA-1 for RSA,
        // which OpenSSH >= 8.8 refuses.
        return "must be an ed25519 or ecdsa host key: an RSA key cannot be pinned here, use the host's /etc/ssh/ssh_host_ed25519_key.pub";
    if (!KEY_TYPES.includes(type))
        return `must be a public host key such as 'ssh-ed25519 AAAA…' (${KEY_TYPES.join(", ")}), got ${shown(text)}`;
    const bytes = Buffer.from(blob, "base64");
    const length = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
    // The type stands once more, length first, inside the base64 part.
    if (bytes.subarray(4, 4 + length).toString("latin1") !== type || bytes.length < length + 36)
        return `must be a whole '${type}' public key, got ${shown(text)}`;
    return undefined;
}

export const hostKey = line(
    "the host's public key as in its /etc/ssh/ssh_host_ed25519_key.pub",
    1024,
)
    .superRefine((text, ctx) => {
        const fault = hostKeyFault(text);
        if (fault !== undefined) ctx.addIssue({ code: "custom", message: fault, input: text });
    })
    .describe("Public host key, pinned: `ssh-ed25519 AAAA…` (ecdsa too; RSA is refused).");

const urlOf = (text: string): string => `http://${text.includes(":") ? `[${text}]` : text}`;

/** One spelling for all spellings of an address: `::1` and `0:0:0:0:0:0:0:1` are one host. */
export const canonicalAddress = (text: string): string =>
    URL.canParse(urlOf(text)) ? new URL(urlOf(text)).hostname : text;

export const address = matching(ADDRESS_FORM, ADDRESS)
    // What the form lets through and no machine has, e.g. 999.0.0.1.
    .refine((text) => !ADDRESS_FORM.test(text) || URL.canParse(urlOf(text)), {
        error: (issue) => `must be ${ADDRESS}, got ${shown(issue.input)}`,
    })
    .describe("Where SSH connects to: host name, IPv4 or IPv6 address.");

export const loginUser = matching(
    /^[A-Za-z_][A-Za-z0-9_.-]*$/,
    "a login name of letters, digits, '_', '.' and '-'",
).describe("SSH login. On a Cinder host anyone but root uses `sudo -n`. Defaults to root.");

const identityFile = path("a private key file on the machine that runs cinder-dr").describe(
    "Private key file on the machine that runs Pulumi or cinder-dr. Without it the SSH agent is used.",
);

/** What all hosts share unless they say otherwise. */
export const sshDefaults = closed("the SSH defaults of all hosts", {
    user: loginUser.optional(),
    port: port.optional().describe("SSH port. Defaults to 22."),
    identityFile: identityFile.optional(),
});

const nextHostKey = hostKey
    .optional()
    .describe(
        "The key that takes `hostKey`'s place; while it is given, the host may show either. Both are pinned.",
    );

const hop = {
    address,
    port: port.optional().describe("SSH port. Defaults to 22."),
    user: loginUser.optional(),
    hostKey,
    nextHostKey,
    identityFile: identityFile.optional(),
};

/** How a host is reached: the parts every host in the topology has. */
export const connectionShape = {
    ...hop,
    proxy: closed("a jump host", hop)
        .optional()
        .describe("Jump host that the connection goes through; its host key is pinned too."),
};

/** A host whose name is its address, and on which one of our scripts runs. */
export const hostShape = {
    ...connectionShape,
    address: connectionShape.address
        .optional()
        .describe("Where SSH connects to. Defaults to the host's name here."),
    python: path("a Python on the host")
        .optional()
        .describe("Python 3 on the host. Defaults to /usr/bin/python3."),
};

/** How one host is reached, with all defaults filled in. */
export interface Hop {
    address: string;
    port: number;
    user: string;
    hostKey: string;
    nextHostKey?: string;
    identityFile?: string;
}

export interface Connection extends Hop {
    proxy?: Hop;
}

type HopInput = z.output<ReturnType<typeof closed<typeof hop>>>;
type SshDefaults = z.output<typeof sshDefaults>;

/** Without its comment, which is no part of the key. */
const bareKey = (key: string): string => key.split(/ +/).slice(0, 2).join(" ");

const resolveHop = (given: HopInput, defaults: SshDefaults): Hop => {
    const identity = given.identityFile ?? defaults.identityFile;
    return {
        address: given.address,
        port: given.port ?? defaults.port ?? 22,
        user: given.user ?? defaults.user ?? "root",
        hostKey: bareKey(given.hostKey),
        ...(given.nextHostKey === undefined ? {} : { nextHostKey: bareKey(given.nextHostKey) }),
        ...(identity === undefined ? {} : { identityFile: identity }),
    };
};

/** Fills in the SSH defaults. */
export function resolveConnection(
    given: HopInput & { proxy?: HopInput | undefined },
    defaults: SshDefaults,
): Connection {
    const own = resolveHop(given, defaults);
    return given.proxy === undefined ? own : { ...own, proxy: resolveHop(given.proxy, defaults) };
}

/** Type and bytes of each host key that a host may show; the one that it should show first. */
export const pinnedKeys = ({
    hostKey,
    nextHostKey,
}: Hop): { text: string; type: string; bytes: Buffer }[] =>
    [hostKey, ...(nextHostKey === undefined ? [] : [nextHostKey])].map((text) => {
        const [type = "", base64 = ""] = text.split(" ");
        return { text, type, bytes: Buffer.from(base64, "base64") };
    });
