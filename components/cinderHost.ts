import * as pulumi from "@pulumi/pulumi";
import { remote } from "@pulumi/command";

import { renderStanza } from "../core/cinderConf";
import type { DriftEntry } from "../core/drift/record";
import type { ClientFile } from "../core/clientFiles";
import { hostRequest } from "../core/hostRequest";
import type { Backend, Host, Topology } from "../core/topology";
import { connectionArgs } from "./connection";
import { commandOf, ignoredChanges, tellDrift } from "./drifted";
import { commandHooks } from "./pushHooks";
import { pushCommand, pushStdin } from "./pushScript";
import { refuse } from "./refuse";
import { inState } from "./stackState";

export interface CinderHostArgs {
    /** The host, as {@link parseTopology} gives it. */
    host: Host;
    /** Backends of the topology; those that the host does not serve are left out. */
    backends: Backend[];
    timeouts: Topology["timeouts"];
    /** What `cinder-dr drift --record` saw of this host. Defaults to nothing. */
    drift?: DriftEntry | undefined;
    /** Seconds to wait after a restart of this host's service, before what depends on it. Defaults to 0. */
    pauseSeconds?: number;
    /** Ceph confs and keyrings that the push puts on the host; secret. Without it they must be there. */
    clientFiles?: pulumi.Input<ClientFile[]>;
}

/** What a reviewer, a policy and the state see of a host: everything but keys. */
const visible = ({ host, backends }: CinderHostArgs) => ({
    host: host.name,
    address: host.connection.address,
    port: host.connection.port,
    user: host.connection.user,
    hostKey: host.connection.hostKey,
    ...(host.connection.nextHostKey === undefined
        ? {}
        : { nextHostKey: host.connection.nextHostKey }),
    ...(host.connection.proxy === undefined ? {} : { proxy: host.connection.proxy.address }),
    configFile: host.configFile,
    python: host.python,
    serviceUser: host.serviceUser,
    service: host.service,
    stanzas: Object.fromEntries(
        backends
            .filter((backend) => host.backends.includes(backend.section))
            .map((backend) => [backend.section, renderStanza(backend)]),
    ),
    ...(host.site === undefined ? {} : { site: host.site }),
    ...(host.cluster === undefined ? {} : { cluster: host.cluster }),
    ...(host.unreachable === undefined ? {} : { unreachable: host.unreachable }),
    skipChecks: host.skipChecks,
    consent: host.consent,
});

/** What a push reads, with the secrets of earlier steps in it. */
function stdin(request: object, files: CinderHostArgs["clientFiles"]): pulumi.Input<string> {
    if (files === undefined) return pushStdin(request);
    return pulumi.output(files).apply((known) => pushStdin({ ...request, files: known }));
}

/** One Cinder host whose cinder.conf carries its backends' replication: one SSH connection an update. */
export class CinderHost extends pulumi.ComponentResource {
    /** Name of the host, known once its cinder-volume runs with the configuration. */
    readonly host: pulumi.Output<string>;

    constructor(name: string, args: CinderHostArgs, opts?: pulumi.ComponentResourceOptions) {
        const { host } = args;
        refuse(() => connectionArgs(host.connection));
        super("cinder-dr:index:CinderHost", name, visible(args), opts);

        this.host =
            host.unreachable === undefined
                ? this.push(name, args).id.apply(() => host.name)
                : this.leave(name, args, host.unreachable);
        this.registerOutputs({ host: this.host });
    }

    private push(name: string, args: CinderHostArgs, opts?: pulumi.CustomResourceOptions) {
        const { host, backends, timeouts, pauseSeconds = 0 } = args;
        // Two stacks that push one host are told from each other on the host.
        const owner = `${pulumi.getProject()}/${pulumi.getStack()}`;
        const request = { ...hostRequest(host, backends, timeouts), owner };
        const push = new remote.Command(
            name,
            {
                connection: connectionArgs(host.connection),
                ...commandOf(args.drift, pushCommand(host, "apply")),
                delete: pushCommand(host, "remove"),
                // The request names libvirt secrets; a reader finds the stanza in this component's inputs.
                stdin: pulumi.secret(stdin(request, args.clientFiles)),
                logging: "none",
                // Otherwise the last output travels back as environment, which sshd refuses with a warning.
                addPreviousOutputInEnv: false,
            },
            {
                parent: this,
                ...ignoredChanges(args.drift),
                additionalSecretOutputs: ["stdout", "stderr"],
                hooks: commandHooks({
                    name,
                    host: host.name,
                    seconds: timeouts.applySeconds,
                    pauseSeconds,
                }),
                ...opts,
            },
        );
        tellDrift(args.drift, push);
        return push;
    }

    /**
     * A host that cannot be reached keeps what the state says of it; one that was never pushed stays undeclared,
     * because declaring it would connect to it.
     */
    private leave(name: string, args: CinderHostArgs, reason: string): pulumi.Output<string> {
        void pulumi.log.warn(
            `cinder-dr: ${args.host.name}: not applied: unreachable: ${reason}`,
            this,
        );
        const urn = pulumi.createUrn(name, "command:remote:Command", this);
        return inState(urn).apply((known) => {
            if (known) this.push(name, args, { ignoreChanges: ["*"] });
            return args.host.name;
        });
    }
}
