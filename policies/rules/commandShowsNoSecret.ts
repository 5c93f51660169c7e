import { MINIMUM_ENTROPY, secretIn } from "../facts/secretText";
import { isCommand, type Text, textsOf } from "../facts/texts";
import type { ResourceRule } from "../rule";
import type { Seen } from "../seen";

/** stdin is where a secret belongs; the connection is a secret as a whole. */
const SHOWN = /^(?:create|update|delete|environment\.|triggers|interpreter|assetPaths|dir)/;

/** A digest of 20, 32, 48 or 64 bytes: what a command runs again for is mostly a file's. */
const DIGEST = /^(?:[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{86}==)$/;

const isDigest = ({ property, text }: Text): boolean =>
    property.startsWith("triggers") && DIGEST.test(text);

/** A variable is no part of the command line, and as a Pulumi secret it is encrypted in the state. */
const isEncryptedVariable = ({ property }: Text, { secret = [] }: Seen): boolean =>
    secret.some(
        (path) => path === "environment" || (path.startsWith("environment.") && path === property),
    );

const isPublicKey = (property: string): boolean => property.endsWith("hostKey");

export const commandShowsNoSecret: ResourceRule = {
    name: "command-shows-no-secret",
    demand: "No secret stands in a command line or in a plain input or variable",
    why: "A failing command prints its whole command line, sshd and ps show it, and the state keeps it",
    source: "pulumi-command command.go, «running %q»; pulumi-command#260",
    level: "mandatory",
    severity: "critical",
    reference: "OSSN-0079",
    traps: [],
    checks: [4, 5],
    settings: {
        minimumEntropy: {
            type: "number",
            default: MINIMUM_ENTROPY,
            description:
                "Bits per character from which a mixed word of 20 characters or more counts as random.",
        },
    },
    *judge(seen, { minimumEntropy }) {
        const isOurs = seen.type.startsWith("cinder-dr:");
        if (!isCommand(seen) && !isOurs) return;
        const shown = textsOf(seen).filter(({ property }) => isOurs || SHOWN.test(property));
        for (const one of shown) {
            if (isDigest(one) || isEncryptedVariable(one, seen)) continue;
            const { property, text } = one;
            const name = property.startsWith("environment.") ? `${property.slice(12)}=` : "";
            const kind = secretIn(`${name}${text}`, Number(minimumEntropy));
            if (kind !== undefined && !isPublicKey(property))
                yield `shows ${kind} in ${property}; hand it over on stdin, as a Pulumi secret`;
        }
    },
};
