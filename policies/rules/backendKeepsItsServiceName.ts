import { aboutStanzas } from "../about";
import type { ResourceRule } from "../rule";

export const backendKeepsItsServiceName: ResourceRule = {
    name: "backend-keeps-its-service-name",
    demand: "A replicated backend does not rename its service",
    why: "host and backend_host in the section make a new service row without active_backend_id and orphan the volumes; two live processes with one backend_host and no cluster split at a failover",
    source: "cinder/cmd/volume.py; Cinder documentation, high availability",
    level: "advisory",
    severity: "medium",
    reference: "internal",
    traps: [23, 25],
    checks: [14],
    judge: aboutStanzas(function* (stanza) {
        for (const option of ["backend_host", "host"])
            if (stanza.value(option) !== undefined)
                yield `has ${option}, which names the service of its volumes; keep it as it is for ever, on one live host`;
    }),
};
