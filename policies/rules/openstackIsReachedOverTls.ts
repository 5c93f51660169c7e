import { callOf, optionsOf, statementsOf } from "../facts/shellWords";
import { confsOf } from "../facts/stanzas";
import { isCommand } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { mapIn, type Plain, type Seen, textIn } from "../seen";

const OPTIONS = /^(?:insecure|nova_api_insecure|glance_api_insecure)$/;
const URLS = /^(?:auth_url|www_authenticate_uri|glance_api_servers|identity_uri)$/;

const isTrue = (value: Plain): boolean =>
    value === true || /^(?:true|1|yes|on)$/i.test(textIn(value) ?? "");

/** A loopback address leads over no network. */
const isPlainHttp = (value: Plain): boolean =>
    /(?:^|,)\s*http:\/\/(?!127\.|localhost\b|\[::1\])/i.test(textIn(value) ?? "");

function ofProvider({ inputs }: Seen): string[] {
    return [
        ...(isTrue(inputs.insecure) ? ["insecure"] : []),
        ...(isPlainHttp(inputs.authUrl) ? ["a plain authUrl"] : []),
    ];
}

const CLIENTS = ["openstack", "cinder", "nova", "glance"];

/** What OpenStack's clients are told, as an option, as a variable of the script or of the resource. */
function ofCommand(seen: Seen): string[] {
    const statements = statementsOf(seen);
    const calls = CLIENTS.flatMap((client) =>
        statements.map((words) => callOf(words, client) ?? []),
    );
    const variables = statements.flat().map((word) => /^OS_AUTH_URL=(.*)$/s.exec(word)?.[1]);
    const urls: Plain[] = [
        ...calls.flatMap((call) => optionsOf(call, "--os-auth-url")),
        ...variables,
        mapIn(seen.inputs.environment).OS_AUTH_URL,
    ];
    return [
        ...(calls.some((call) => call.includes("--insecure")) ? ["--insecure"] : []),
        ...(urls.some(isPlainHttp) ? ["a plain OS_AUTH_URL"] : []),
    ];
}

const insecureInputs = (seen: Seen): string[] =>
    seen.type === "pulumi:providers:openstack"
        ? ofProvider(seen)
        : isCommand(seen)
          ? ofCommand(seen)
          : [];

export const openstackIsReachedOverTls: ResourceRule = {
    name: "openstack-is-reached-over-tls",
    demand: "Keystone, Nova and Glance are reached over checked TLS",
    why: "Without it passwords and tokens of the admin travel in clear, or to whoever answers",
    source: "OpenStack Security Guide, Block Storage checklist",
    level: "mandatory",
    severity: "high",
    reference: "Block-04",
    traps: [],
    checks: [16],
    *judge(seen) {
        for (const name of insecureInputs(seen))
            yield `sets ${name}; use https and check its certificate`;
        for (const { name, options } of confsOf(seen).flat())
            for (const [option, values] of options)
                if (
                    OPTIONS.test(option)
                        ? values.some(isTrue)
                        : URLS.test(option) && values.some(isPlainHttp)
                )
                    yield `[${name}] sets ${option} to unchecked or plain HTTP; use https and check its certificate`;
    },
};
