import { z } from "zod";

import { shown } from "../problem";
import {
    connectionShape,
    resolveConnection,
    type Connection,
    type sshDefaults,
} from "./connection";
import { consent } from "./refusal";
import { closed, line, matching, path, words } from "./text";
import { ROLES } from "./site";

const unit = matching(/^[A-Za-z0-9_][A-Za-z0-9_.@:\\-]*$/, "a systemd unit");

const SERVICE = "exactly one of systemd, container or commands";

const serviceInput = closed(SERVICE, {
    systemd: closed("a systemd service", {
        unit: unit.optional().describe("The unit's name. Defaults to cinder-volume."),
    })
        .optional()
        .describe("cinder-volume as a systemd unit."),
    container: closed("a container", {
        engine: z
            .enum(["docker", "podman"], {
                error: (issue) => `must be docker or podman, got ${shown(issue.input)}`,
            })
            .optional()
            .describe("The container engine: docker or podman. Defaults to docker."),
        name: matching(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "a container's name")
            .optional()
            .describe("The container's name. Defaults to cinder_volume."),
        configFile: path("the cinder.conf inside the container")
            .optional()
            .describe(
                "The cinder.conf inside the container, read where no cinder-volume runs in it that tells its own. Defaults to /etc/cinder/cinder.conf.",
            ),
        python: path("the Python of the container's cinder-volume")
            .optional()
            .describe(
                "Interpreter inside the container that has cinder and oslo.config. Defaults to /usr/bin/python3; kolla images have /var/lib/kolla/venv/bin/python3.",
            ),
        unit: unit
            .optional()
            .describe(
                "The systemd unit that starts the container again when it ends; it is restarted and stopped through it. Kolla-Ansible has kolla-cinder_volume-container.service.",
            ),
    })
        .optional()
        .describe(
            "cinder-volume as a container; not run on a real engine by this project's tests.",
        ),
    commands: closed("a pair of commands", {
        restart: words("the restart command").min(1, { error: () => "must not be empty" }),
        status: words("the status command, exit code 0 when the service runs").min(1, {
            error: () => "must not be empty",
        }),
    })
        .optional()
        .describe("cinder-volume under anything else: a restart and a status command."),
}).refine((service) => Object.values(service).filter((s) => s !== undefined).length === 1, {
    error: (issue) => `must be ${SERVICE}, got ${shown(issue.input)}`,
});

/** Checks that the push makes on a host and that a host without a Cinder of its own cannot pass. */
export const CHECKS = ["validate", "target", "guard", "health"] as const;
export type Check = (typeof CHECKS)[number];

export const hostInput = closed("a Cinder host", {
    ...connectionShape,
    address: connectionShape.address
        .optional()
        .describe("Where SSH connects to. Defaults to the host's name here."),
    backends: z
        .array(line("a backend of this topology"), {
            error: (issue) => `must be a list of backends, got ${shown(issue.input)}`,
        })
        .min(1, { error: () => "must name at least one backend" })
        .optional()
        .describe("Backends this host serves. Defaults to all."),
    configFile: path("the cinder.conf that is written")
        .optional()
        .describe(
            "The file that is written, on the host also where the service is a container. Defaults to /etc/cinder/cinder.conf.",
        ),
    python: path("the Python of cinder-volume")
        .optional()
        .describe(
            "Interpreter on the host: runs the push, and has cinder and oslo.config unless the service is a container. Defaults to /usr/bin/python3.",
        ),
    serviceUser: matching(/^[a-z_][a-z0-9_-]*$/, "a login name")
        .optional()
        .describe("User that cinder-volume runs as. Defaults to cinder."),
    service: serviceInput
        .optional()
        .describe("How cinder-volume is restarted. Defaults to the systemd unit cinder-volume."),
    site: z
        .enum(ROLES, {
            error: (issue) => `must be primary or secondary, got ${shown(issue.input)}`,
        })
        .optional()
        .describe("Site the host stands in; used by policies only."),
    skipChecks: z
        .array(
            z.enum(CHECKS, {
                error: (issue) => `must be one of ${CHECKS.join(", ")}, got ${shown(issue.input)}`,
            }),
        )
        .optional()
        .describe("Checks left out because the host has no Cinder of its own. Defaults to none."),
    cluster: line("the `cluster` of [DEFAULT] in this host's cinder.conf")
        .min(1, { error: () => "must not be empty" })
        .optional()
        .describe(
            "Active-active cluster this host is a member of, as its cinder.conf says in `cluster`. Members are never all pushed at once.",
        ),
    unreachable: line("the reason why this host is left out")
        .min(1, { error: () => "must be the reason why this host is left out" })
        .optional()
        .describe(
            "Reason why this host cannot be reached for now. It stays in the state as it is, is not connected to, and is reported as not applied.",
        ),
    consent: consent
        .optional()
        .describe("Refusals overridden on this host: name to reason, e.g. unreachableTarget."),
}).describe("One host that runs cinder-volume.");

/** cinder-volume in a container, all defaults filled in. */
export interface Container {
    engine: "docker" | "podman";
    name: string;
    /** The cinder.conf inside it. */
    configFile: string;
    python: string;
    /** The systemd unit that keeps it running. */
    unit?: string;
}

export type Service =
    | { systemd: { unit: string } }
    | { container: Container }
    | { commands: { restart: string[]; status: string[] } };

/** One host that runs cinder-volume, all defaults filled in. */
export interface Host {
    name: string;
    connection: Connection;
    backends: string[];
    configFile: string;
    python: string;
    serviceUser: string;
    service: Service;
    site?: (typeof ROLES)[number];
    skipChecks: Check[];
    cluster?: string;
    unreachable?: string;
    consent: Record<string, string>;
}

function resolveService(given: z.output<typeof serviceInput> | undefined): Service {
    if (given?.commands !== undefined) return { commands: given.commands };
    if (given?.container !== undefined) {
        const { engine = "docker", name = "cinder_volume", unit } = given.container;
        const { configFile = "/etc/cinder/cinder.conf", python = "/usr/bin/python3" } =
            given.container;
        const unitOf = unit === undefined ? {} : { unit };
        return { container: { engine, name, configFile, python, ...unitOf } };
    }
    return { systemd: { unit: given?.systemd?.unit ?? "cinder-volume" } };
}

/** @param backends sections that a host serves when it names none */
export function resolveHost(
    name: string,
    given: z.output<typeof hostInput>,
    ssh: z.output<typeof sshDefaults>,
    backends: string[],
): Host {
    return {
        name,
        connection: resolveConnection({ ...given, address: given.address ?? name }, ssh),
        backends: given.backends ?? backends,
        configFile: given.configFile ?? "/etc/cinder/cinder.conf",
        python: given.python ?? "/usr/bin/python3",
        serviceUser: given.serviceUser ?? "cinder",
        service: resolveService(given.service),
        ...(given.site === undefined ? {} : { site: given.site }),
        skipChecks: given.skipChecks ?? [],
        ...(given.cluster === undefined ? {} : { cluster: given.cluster }),
        ...(given.unreachable === undefined ? {} : { unreachable: given.unreachable }),
        consent: given.consent ?? {},
    };
}
