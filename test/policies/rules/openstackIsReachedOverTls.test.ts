import { openstackIsReachedOverTls } from "../../../policies/rules/openstackIsReachedOverTls";
import { command, confCommand, localCommand } from "../fixtures";
import { testRule } from "../support";

const provider = (props: Record<string, unknown>) => ({
    type: "pulumi:providers:openstack",
    name: "openstack",
    props,
});

testRule(openstackIsReachedOverTls, {
    passes: {
        https: provider({ authUrl: "https://keystone:5000/v3" }),
        loopback: provider({ authUrl: "http://127.0.0.1:5000/v3", insecure: false }),
        "loopback by name": provider({ authUrl: "http://localhost:5000/v3" }),
        "loopback in IPv6": provider({ authUrl: "http://[::1]:5000/v3" }),
        "a checked section": confCommand(
            "[keystone_authtoken]\nauth_url = https://k:5000\ninsecure = False\n",
        ),
        "another option": confCommand(
            "[keystone_authtoken]\nmemcached_servers = http://a:1\ninsecurely = true\n",
        ),
        "texts that only hold the word": confCommand(
            "[keystone_authtoken]\ninsecure = untrue\n[x]\ninsecure = truely\n",
        ),
        "an https URL that ends in another": confCommand(
            "[a]\nauth_url = https://k:5000/?x=http://k\n",
        ),
        "options that only hold the word": confCommand(
            "[cinder]\nmy_insecure = true\nmy_auth_url = http://k\nauth_url_x = http://k\n",
        ),
        "a client over https": command(
            "export OS_AUTH_URL=https://k:5000; openstack --os-auth-url https://k:5000/v3 volume list",
            { environment: { OS_AUTH_URL: "https://k" } },
        ),
        "words of other programs": command(
            "curl --insecure x; X_OS_AUTH_URL=http://k true; echo --os-auth-url http://k",
        ),
        "another resource": { type: "x:y:Z", name: "openstack", props: { insecure: true } },
    },
    fails: {
        "a provider that checks nothing": [
            provider({ insecure: "true" }),
            "'openstack' sets insecure; use https and check its certificate",
        ],
        "a provider's flag": [
            provider({ insecure: true }),
            "'openstack' sets insecure; use https and check its certificate",
        ],
        "a provider in clear": [
            provider({ authUrl: "http://keystone:5000/v3" }),
            "'openstack' sets a plain authUrl; use https and check its certificate",
        ],
        "a client that checks nothing": [
            command("sudo openstack --insecure volume type list"),
            "'run' sets --insecure; use https and check its certificate",
        ],
        "another client in clear": [
            command("cinder --os-auth-url http://k:5000 list"),
            "'run' sets a plain OS_AUTH_URL; use https and check its certificate",
        ],
        "a variable of the script": [
            localCommand("export OS_AUTH_URL=http://k:5000\nnova list"),
            "'run' sets a plain OS_AUTH_URL; use https and check its certificate",
        ],
        "a variable of the resource": [
            command("glance image-list", { environment: { OS_AUTH_URL: "http://k:5000" } }),
            "'run' sets a plain OS_AUTH_URL; use https and check its certificate",
        ],
        "a section that checks nothing": [
            confCommand("[keystone_authtoken]\ninsecure = True\n# cinder\n"),
            "'conf' [keystone_authtoken] sets insecure to unchecked or plain HTTP; use https and check its certificate",
        ],
        "an option that says it twice": [
            confCommand("[DEFAULT]\nglance_api_insecure = False\nglance_api_insecure = yes\n"),
            "'conf' [DEFAULT] sets glance_api_insecure to unchecked or plain HTTP; use https and check its certificate",
        ],
        "a URL that stands twice": [
            confCommand("[a]\nauth_url = https://k:5000\nauth_url = http://k:5000\n"),
            "'conf' [a] sets auth_url to unchecked or plain HTTP; use https and check its certificate",
        ],
        "Nova unchecked": [
            confCommand("[DEFAULT]\nnova_api_insecure = 1\n"),
            "'conf' [DEFAULT] sets nova_api_insecure to unchecked or plain HTTP; use https and check its certificate",
        ],
        "Glance in clear, second in a list": [
            confCommand("[DEFAULT]\nglance_api_servers = https://a:9292,http://b:9292\n"),
            "'conf' [DEFAULT] sets glance_api_servers to unchecked or plain HTTP; use https and check its certificate",
        ],
    },
});
