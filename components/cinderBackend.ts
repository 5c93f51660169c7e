import * as pulumi from "@pulumi/pulumi";

import { renderStanza } from "../core/cinderConf";
import type { Backend } from "../core/topology";

/** One cinder.conf section of the RBD driver with its replication device, rendered; the hosts carry it. */
export class CinderBackend extends pulumi.ComponentResource {
    /** The section as it would stand in a cinder.conf of its own. */
    readonly stanza: pulumi.Output<string>;

    /** @param backend the backend, as {@link parseTopology} gives it */
    constructor(name: string, backend: Backend, opts?: pulumi.ComponentResourceOptions) {
        const stanza = renderStanza(backend);
        // The text is an input too: a preview shows inputs as a line diff.
        super("cinder-dr:index:CinderBackend", name, { ...backend, stanza }, opts);

        this.stanza = pulumi.output(stanza);
        this.registerOutputs({ stanza: this.stanza });
    }
}
