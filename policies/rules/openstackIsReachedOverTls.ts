import { confsOf } from "../facts/stanzas";
import type { ResourceRule } from "../rule";
import { type Plain, type Seen, textIn } from "../seen";

const OPTIONS = /^(?:insecure|nova_api_insecure|glance_api_insecure)$/;
const URLS = /^(?:auth_url|www_authenticate_uri|glance_api_servers|identity_uri)$/;

const isTrue = (value: Plain): boolean =>
    value === true || /^(?:true|1|yes|on)$/i.test(textIn(value) ?? "");

/** A loopback address leads over no network. */
const isPlainHttp = (value: Plain): boolean =>
    /(?:^|,)\s*http:\/\/(?!127\.|localhost\b|\[::1\])/i.test(textIn(value) ?? "");

function insecureInputs({ type, inputs }: Seen): string[] {
    if (type !== "pulumi:providers:openstack") return [];
    return [
        ...(isTrue(inputs.insecure) ? ["insecure"] : []),
        ...(isPlainHttp(inputs.authUrl) ? ["a plain authUrl"] : []),
    ];
}

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
