import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";

import { ProblemsError } from "../core/problem";
import { specsChange, turnsPublic } from "../core/typeChange";
import { extraSpecFault, REPLICATION_ENABLED } from "../core/topology/volumeType";
import { refuse, stop } from "./refuse";
import { stackState, typeOf, typesIn } from "./stackState";

export interface ReplicatedVolumeTypeArgs {
    /** Name of the volume type. Defaults to the resource's name. */
    name?: string;
    /** `volume_backend_name` of the backend that serves it. */
    volumeBackendName: string;
    description?: string;
    /** Whether every project may use it. Defaults to true when no projects are named. */
    isPublic?: boolean;
    /** Ids of the projects that may use a private type. Defaults to none. */
    projects?: string[];
    /** Further extra specs. `volume_backend_name` and `replication_enabled` are always set. */
    extraSpecs?: Record<string, string>;
    /** Id of an existing type that is imported as it is. Defaults to none: the type is made. */
    importId?: string;
    /** Refuse replacement and deletion at preview. Defaults to true. */
    protect?: boolean;
    /** Leave the type in Cinder when it leaves the program. Defaults to false. */
    retainOnDelete?: boolean;
}

/** All specs of the type. @throws ProblemsError for a spec that would switch replication off */
function specsOf({ volumeBackendName, extraSpecs = {} }: ReplicatedVolumeTypeArgs) {
    const own = {
        volume_backend_name: volumeBackendName,
        replication_enabled: REPLICATION_ENABLED,
    };
    const problems = Object.entries(extraSpecs).flatMap(([key, value]) => {
        if (own[key as keyof typeof own] === value) return [];
        const reason = extraSpecFault(key, value);
        return reason === undefined ? [] : [{ propertyPath: `extraSpecs.${key}`, reason }];
    });
    if (problems.length > 0) throw new ProblemsError("volume type", problems);
    return { ...extraSpecs, ...own };
}

export const COMPONENT = "cinder-dr:index:ReplicatedVolumeType";

/** One volume type whose volumes Cinder replicates. */
export class ReplicatedVolumeType extends pulumi.ComponentResource {
    readonly volumeTypeId: pulumi.Output<string>;
    /** Name of the type, as `cinder create --volume-type` takes it. */
    readonly volumeTypeName: pulumi.Output<string>;

    constructor(
        name: string,
        args: ReplicatedVolumeTypeArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const { projects = [], description, protect = true, retainOnDelete = false } = args;
        const extraSpecs = refuse(() => specsOf(args));
        const isPublic = args.isPublic ?? projects.length === 0;
        super(COMPONENT, name, { ...args, isPublic, protect }, opts);

        const type = new openstack.blockstorage.VolumeTypeV3(
            name,
            {
                name: args.name ?? name,
                // Without it the provider makes the type private, whatever Cinder's own default is.
                isPublic,
                extraSpecs,
                ...(description === undefined ? {} : { description }),
            },
            {
                parent: this,
                // The engine refuses in its own words, or not before something is gone: ours come first.
                dependsOn: this.judgeChange(name, extraSpecs, protect, isPublic),
                protect,
                retainOnDelete,
                ...(args.importId === undefined ? {} : { import: args.importId }),
                // Cinder answers 400 to a changed spec of a type in use: the specs are its identity. Names are
                // unique, so the old type goes first; one in use cannot go and nothing has changed then.
                replaceOnChanges: ["extraSpecs"],
                deleteBeforeReplace: true,
            },
        );
        for (const projectId of projects)
            new openstack.blockstorage.VolumeTypeAccessV3(
                `${name}-${projectId}`,
                { projectId, volumeTypeId: type.id },
                { parent: this, retainOnDelete },
            );

        this.volumeTypeId = type.id;
        this.volumeTypeName = type.name;
        this.registerOutputs({ volumeTypeId: type.id, volumeTypeName: type.name });
    }

    /**
     * Stops a change of specs that would be refused, and says the way round it.
     * @returns a promise and no output: an output would depend on this component, and so on all that waits for the type
     */
    private judgeChange(
        name: string,
        specs: Record<string, string>,
        protect: boolean,
        isPublic: boolean,
    ): Promise<pulumi.Resource[]> {
        return new Promise((go) => {
            pulumi.all([this.urn, stackState()]).apply(([urn, { outputs: state }]) => {
                const known = typesIn(state).find(
                    (type) => type.name === name && type.within === typeOf(urn),
                );
                const { accesses = [] } = known ?? {};
                const change = known && specsChange(name, known.extraSpecs, specs, accesses);
                if (change !== undefined && (protect || accesses.length > 0))
                    stop(`cinder-dr: ${change}`);
                else if (isPublic && accesses.length > 0) stop(`cinder-dr: ${turnsPublic(name)}`);
                else {
                    if (change !== undefined) void pulumi.log.warn(`cinder-dr: ${change}`, this);
                    go([]);
                }
            });
        });
    }
}
