import { setTimeout as pause } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";

import { explainPushFault } from "../core/pushFault";

type Hooks = pulumi.ResourceHookBinding;

/** Pulumi's unit-test monitor knows no hooks and would wait for ever for the registration's answer. */
const monitorHas = (method: "registerErrorHook" | "registerResourceHook"): boolean =>
    method in ((pulumi.runtime.getMonitor() as object | undefined) ?? {});

/** Says what to do about a failure that the plugin reports without naming the next step. */
export const onFault = (name: string, host: string): Hooks => {
    if (!monitorHas("registerErrorHook")) return {};
    const explain = (args: pulumi.ErrorHookArgs) => {
        const sentence = explainPushFault(host, args.errors[0] ?? "");
        if (sentence !== undefined) void pulumi.log.error(`cinder-dr: ${sentence}`);
        return false;
    };
    return { onError: [new pulumi.ErrorHook(`${name}-fault`, explain)] };
};

/** Whether the push says in its result line that it restarted the service. */
const restarted = (stdout: unknown): boolean =>
    typeof stdout === "string" && stdout.includes('"restarted": true');

/** Holds back what depends on a push whose service was restarted, so that trouble can show before the next hosts. */
export const afterPush = (name: string, seconds: number): Hooks => {
    if (seconds === 0 || !monitorHas("registerResourceHook")) return {};
    const wait = async ({ newOutputs }: pulumi.ResourceHookArgs) => {
        const { stdout } = (newOutputs ?? {}) as { stdout?: unknown };
        const said = pulumi.Output.isInstance(stdout) ? await opened(stdout) : stdout;
        if (restarted(said)) await pause(seconds * 1000);
    };
    const hook = new pulumi.ResourceHook(`${name}-pause`, wait);
    return { afterCreate: [hook], afterUpdate: [hook] };
};

/** The value of a secret output; a hook gets secrets wrapped. */
const opened = (output: pulumi.Output<unknown>): Promise<unknown> =>
    new Promise((done) => {
        pulumi.unsecret(output).apply(done);
    });
