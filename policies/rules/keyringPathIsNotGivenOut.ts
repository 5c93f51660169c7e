import { stanzasOf } from "../facts/stanzas";
import { plainName } from "../quoted";
import type { ResourceRule } from "../rule";

export const keyringPathIsNotGivenOut: ResourceRule = {
    name: "keyring-path-is-not-given-out",
    demand: "No backend sets rbd_keyring_conf",
    why: "Its path and content reach users of the API in connection info",
    source: "OSSN-0085",
    level: "mandatory",
    severity: "critical",
    reference: "OSSN-0085",
    traps: [],
    checks: [17],
    *judge(seen) {
        for (const stanza of stanzasOf(seen))
            if (stanza.values("rbd_keyring_conf").length > 0)
                yield `[${plainName(stanza.section)}] has rbd_keyring_conf, which shows the keyring to users; leave it out, the keyring is found by cluster and user name`;
    },
};
