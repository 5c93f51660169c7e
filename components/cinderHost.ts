import * as pulumi from "@pulumi/pulumi";
import { remote } from "@pulumi/command";

import { renderStanza } from "../core/cinderConf";
import type { DriftEntry } from "../core/drift/record";
import { hostRequest } from "../core/hostRequest";
import { explainPushFault } from "../core/pushFault";
import type { Backend, Host, Topology } from "../core/topology";
import { connectionArgs } from "./connection";
import { commandOf, ignoredChanges, tellDrift } from "./drifted";
import { pushCommand, pushStdin } from "./pushScript";
import { refuse } from "./refuse";

export interface CinderHostArgs {
    /** The host, as {@link parseTopology} gives it. */
    host: Host;
    /** Backends of the topology; those that the host does not serve are left out. */
    backends: Backend[];
    timeouts: Topology["timeouts"];
    /** What `cinder-dr drift --record` saw of this host. Defaults to nothing. */
    drift?: DriftEntry | undefined;
}

/** What a reviewer, a policy and the state see of a host: everything but keys. */
const visible = ({ host, backends }: CinderHostArgs) => ({
    host: host.name,
    address: host.connection.address,
    port: host.connection.port,
    user: host.connection.user,
    hostKey: host.connection.hostKey,
    configFile: host.configFile,
    service: host.service,
    stanzas: Object.fromEntries(
        backends
            .filter((backend) => host.backends.includes(backend.section))
            .map((backend) => [backend.section, renderStanza(backend)]),
    ),
    ...(host.site === undefined ? {} : { site: host.site }),
    skipChecks: host.skipChecks,
    consent: host.consent,
});

/** Says what to do about a failure that the plugin reports without naming the next step. */
const explain = (host: string) => (args: pulumi.ErrorHookArgs) => {
    const sentence = explainPushFault(host, args.errors[0] ?? "");
    if (sentence !== undefined) void pulumi.log.error(`cinder-dr: ${sentence}`);
    return false;
};

/** Pulumi's unit-test monitor knows no hooks and would wait for ever for the registration's answer. */
const knowsErrorHooks = (): boolean =>
    "registerErrorHook" in ((pulumi.runtime.getMonitor() as object | undefined) ?? {});

/** One Cinder host whose cinder.conf carries its backends' replication: one SSH connection an update. */
export class CinderHost extends pulumi.ComponentResource {
    /** Name of the host, known once its cinder-volume runs with the configuration. */
    readonly host: pulumi.Output<string>;

    constructor(name: string, args: CinderHostArgs, opts?: pulumi.ComponentResourceOptions) {
        const { host } = args;
        const connection = refuse(() => connectionArgs(host.connection));
        super("cinder-dr:index:CinderHost", name, visible(args), opts);

        const push = new remote.Command(
            name,
            {
                connection,
                ...commandOf(args.drift, (...more) => pushCommand(host, "apply", ...more)),
                delete: pushCommand(host, "remove"),
                // The request names libvirt secrets; a reader finds the stanza in this component's inputs.
                stdin: pulumi.secret(pushStdin(hostRequest(host, args.backends, args.timeouts))),
                logging: "none",
                // Otherwise the last output travels back as environment, which sshd refuses with a warning.
                addPreviousOutputInEnv: false,
            },
            {
                parent: this,
                ...ignoredChanges(args.drift),
                additionalSecretOutputs: ["stdout", "stderr"],
                ...(knowsErrorHooks()
                    ? {
                          hooks: {
                              onError: [new pulumi.ErrorHook(`${name}-fault`, explain(host.name))],
                          },
                      }
                    : {}),
            },
        );

        tellDrift(args.drift, push);
        this.host = push.id.apply(() => host.name);
        this.registerOutputs({ host: this.host });
    }
}
