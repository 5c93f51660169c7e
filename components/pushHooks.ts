import { setTimeout as pause } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";

import { warningsIn } from "../core/hostReport";
import { explainPushFault } from "../core/pushFault";
import { interruptEngine } from "./interruptEngine";

type Hooks = pulumi.ResourceHookBinding;

/** Pulumi's unit-test monitor knows no hooks and would wait for ever for the registration's answer. */
export const monitorHas = (method: "registerErrorHook" | "registerResourceHook"): boolean =>
    method in ((pulumi.runtime.getMonitor() as object | undefined) ?? {});

/** Two tries to connect, each with its handshake, and a busy machine. */
export const CONNECT_SECONDS = 45;
/** Each thing that such a step asks has a limit of its own on the host. */
export const STEP_SECONDS = 1800;

/** What happens around one command over SSH. */
export interface CommandWatch {
    /** Resource name of the command. */
    name: string;
    /** How errors call the host. */
    host: string;
    /** Seconds that the command bounds itself to on the host. Defaults to more than steps take that only ask a few things. */
    seconds?: number;
    /** Seconds to wait after a restart of the service. Defaults to 0. */
    pauseSeconds?: number;
}

/**
 * The hooks of a command over SSH: what to do about a failure that the plugin reports without naming the next step, an
 * end for a session that says nothing any more, and the pause after a restart.
 */
export function commandHooks({
    name,
    host,
    seconds = STEP_SECONDS,
    pauseSeconds = 0,
}: CommandWatch): Hooks {
    if (!monitorHas("registerErrorHook")) return {};
    let timer: NodeJS.Timeout | undefined;
    const begin = () => {
        timer = setTimeout(() => void giveUp(host, seconds), (seconds + CONNECT_SECONDS) * 1000);
    };
    const explain = (args: pulumi.ErrorHookArgs) => {
        clearTimeout(timer);
        const sentence = explainPushFault(host, args.errors[0] ?? "");
        if (sentence !== undefined) void pulumi.log.error(`cinder-dr: ${sentence}`);
        return false;
    };
    const end = async ({ newOutputs }: pulumi.ResourceHookArgs) => {
        clearTimeout(timer);
        const { stdout } = (newOutputs ?? {}) as { stdout?: unknown };
        const said = pulumi.Output.isInstance(stdout) ? await opened(stdout) : stdout;
        if (typeof said !== "string") return;
        for (const warning of warningsIn(said))
            await pulumi.log.warn(`cinder-dr: ${host}: ${warning}`);
        if (pauseSeconds > 0 && restarted(said)) await pause(pauseSeconds * 1000);
    };
    const before = new pulumi.ResourceHook(`${name}-begin`, begin);
    const after = new pulumi.ResourceHook(`${name}-end`, end);
    return {
        beforeCreate: [before],
        beforeUpdate: [before],
        afterCreate: [after],
        afterUpdate: [after],
        onError: [new pulumi.ErrorHook(`${name}-fault`, explain)],
    };
}

/**
 * A session that is frozen after the login hangs the plugin for ever: it has no limit on a command, and neither
 * `customTimeouts` nor a first interrupt reach the session.
 */
export async function giveUp(host: string, seconds: number): Promise<void> {
    await pulumi.log.error(
        `cinder-dr: ${host}: connection: no answer ${String(CONNECT_SECONDS)} s after its limit of ${String(seconds)} s: this run is ended. ` +
            "Whatever has begun on a host finishes or rolls back there by itself; look at the host's sshd and login shell, then run it again",
    );
    interruptEngine();
}

/** Whether the push says in its result line that it restarted the service. */
const restarted = (stdout: string): boolean => stdout.includes('"restarted": true');

/** The value of a secret output; a hook gets secrets wrapped. */
const opened = (output: pulumi.Output<unknown>): Promise<unknown> =>
    new Promise((done) => {
        pulumi.unsecret(output).apply(done);
    });
