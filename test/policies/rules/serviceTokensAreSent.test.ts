import { serviceTokensAreSent } from "../../../policies/rules/serviceTokensAreSent";
import { confCommand, stanza } from "../fixtures";
import { testRule } from "../support";

const whole = "[keystone_authtoken]\nauth_url = https://k:5000\n";
const said =
    "'conf' writes a cinder.conf without service tokens; add send_service_user_token = true to [service_user]";

testRule(serviceTokensAreSent, {
    passes: {
        tokens: confCommand(`${whole}[service_user]\nsend_service_user_token = true\n`),
        "a part of the file": confCommand(stanza()),
    },
    fails: {
        absence: [confCommand(whole), said],
        "tokens switched off": [
            confCommand(`${whole}[service_user]\nsend_service_user_token = False\n`),
            said,
        ],
        "tokens that are no flag": [
            confCommand(`${whole}[service_user]\nsend_service_user_token = untrue\n`),
            said,
        ],
        "tokens that are no flag either": [
            confCommand(`${whole}[service_user]\nsend_service_user_token = truely\n`),
            said,
        ],
        "an empty section": [confCommand(`${whole}[service_user]\n`), said],
    },
    unknown: ["create"],
});
