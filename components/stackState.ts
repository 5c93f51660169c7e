import * as pulumi from "@pulumi/pulumi";

/** Answer of the engine's own provider: the outputs of every resource of a stack, by URN. */
interface StackResources {
    outputs: Record<string, unknown>;
}

/**
 * Whether the stack's state holds a resource. Asks the engine, which reads the last checkpoint; a preview may know
 * it too.
 */
export const inState = (urn: pulumi.Output<string>): pulumi.Output<boolean> => {
    const stackName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
    const asked = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
        stackName,
    }) as Promise<StackResources>;
    return pulumi
        .all([urn, asked])
        .apply(([wanted, { outputs }]) => Object.keys(outputs).includes(wanted));
};
