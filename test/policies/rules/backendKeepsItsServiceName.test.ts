import { backendKeepsItsServiceName } from "../../../policies/rules/backendKeepsItsServiceName";
import { confCommand, stanza } from "../fixtures";
import { testRule } from "../support";

testRule(backendKeepsItsServiceName, {
    passes: { "a stanza without it": confCommand(stanza()) },
    fails: {
        backend_host: [
            confCommand(stanza({ backend_host: "rbd:volumes" })),
            "'conf' [ceph] has backend_host, which names the service of its volumes; keep it as it is for ever, on one live host",
        ],
        host: [
            confCommand(stanza({ host: "cinder" })),
            "'conf' [ceph] has host, which names the service of its volumes; keep it as it is for ever, on one live host",
        ],
    },
    unknown: ["create"],
});
