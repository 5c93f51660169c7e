import { readFileSync, statSync } from "node:fs";
import { createSecureContext, rootCertificates } from "node:tls";

import { buildConnector } from "undici";

import { wordsOf } from "../core/problem";
import type { Cloud } from "./cloud";
import { CloudError } from "./cloudSettings";

/** Where systems keep the CAs that they trust: Debian and Ubuntu, RHEL and its kin (older and newer), SUSE, macOS. */
const BUNDLES = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/**
 * What the `openstack` command trusts here, and Node.js: a distribution's requests reads the system's bundle, where a
 * private CA is put once for the machine, and Node.js knows its own list only. A list that is given replaces what
 * NODE_EXTRA_CA_CERTS adds to that, so it is added again.
 */
export function trustedCas(env: NodeJS.ProcessEnv, bundles = BUNDLES): string[] {
    const isFile = (path: string | undefined): path is string =>
        path !== undefined && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
    const system = [env.REQUESTS_CA_BUNDLE, env.SSL_CERT_FILE, ...bundles].find(isFile);
    const files = [system, env.NODE_EXTRA_CA_CERTS].filter(isFile);
    return [...rootCertificates, ...files.map((file) => readFileSync(file, "utf8"))];
}

function readCa(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch (error) {
        throw new CloudError(
            `cacert (OS_CACERT) must be a readable PEM file, got '${file}' (${wordsOf(error)})`,
        );
    }
}

/**
 * Connects to a cloud's endpoints and checks their certificates as the cloud's settings say. One context for all
 * connections, and only once one is encrypted: the CAs of a system and of Node.js take 60 ms to read.
 * @throws CloudError when the cloud's cacert cannot be read
 */
export function connectorOf({ cacert, insecure }: Cloud): buildConnector.connector {
    if (insecure) return buildConnector({ rejectUnauthorized: false });
    const own = cacert === undefined ? undefined : readCa(cacert);
    const plain = buildConnector({});
    let checked: buildConnector.connector | undefined;
    return (options, done) => {
        if (options.protocol === "https:") {
            checked ??= buildConnector({
                secureContext: createSecureContext({ ca: own ?? trustedCas(process.env) }),
                // Else NODE_TLS_REJECT_UNAUTHORIZED=0, which is meant for something else, would give passwords to anybody.
                rejectUnauthorized: true,
            });
            checked(options, done);
        } else plain(options, done);
    };
}

const UNKNOWN_CA = new Set([
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

/** What to do about a connection that failed; nothing where its words say enough. */
export const cureOf = (error: Error): string =>
    UNKNOWN_CA.has((error as NodeJS.ErrnoException).code ?? "")
        ? ": this machine does not know its CA: name the CA's PEM file as cacert in clouds.yaml or by OS_CACERT"
        : "";
