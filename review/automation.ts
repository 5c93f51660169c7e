import { createRequire, Module } from "node:module";

import type * as automation from "@pulumi/pulumi/automation";

/**
 * Two thirds of what Pulumi's Automation API takes to load: a compiler and npm's dependency tree, for functions that are
 * sent to the cloud. A stack that the command line runs has none.
 */
const UNUSED = ["./typescript-shim.js", "@npmcli/arborist"];

/** The package itself, from the first time on that something is asked of it. */
const later = (load: () => object): object => {
    let loaded: object | undefined;
    const get = (_target: object, key: PropertyKey): unknown =>
        // Pulumi's own import helper would copy all of a package that is no ES module.
        key === "__esModule" ? true : Reflect.get((loaded ??= load()), key);
    return new Proxy({}, { get });
};

const ofPulumi = createRequire(require.resolve("@pulumi/pulumi/package.json"));

/** Pulumi's Automation API, loaded when it is used: no other verb needs Pulumi. */
export function loadAutomation(): typeof automation {
    const files = UNUSED.map((name) => ofPulumi.resolve(name)).filter(
        (file) => require.cache[file] === undefined,
    );
    const standIns = new Map<string, NodeJS.Module>();
    for (const file of files) {
        const module = new Module(file);
        module.exports = later(() => {
            if (require.cache[file] === module) Reflect.deleteProperty(require.cache, file);
            return ofPulumi(file) as object;
        });
        module.loaded = true;
        require.cache[file] = module;
        standIns.set(file, module);
    }
    try {
        return ofPulumi("./automation") as typeof automation;
    } finally {
        // Who asks for one of them later gets it.
        for (const [file, module] of standIns)
            if (require.cache[file] === module) Reflect.deleteProperty(require.cache, file);
    }
}

interface PulumiLog {
    warn: (message: string) => Promise<void>;
}

/**
 * Does something while the Automation API's own warnings are told to `hear`. It would print them, with what is secret in
 * an event that it cannot read, and go on without that event.
 */
export async function hearingWarnings<T>(hear: () => void, work: () => Promise<T>): Promise<T> {
    const log = ofPulumi("./log") as PulumiLog;
    const { warn } = log;
    log.warn = () => {
        hear();
        return Promise.resolve();
    };
    try {
        return await work();
    } finally {
        log.warn = warn;
    }
}
