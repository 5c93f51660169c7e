export { CinderBackend } from "./cinderBackend";
export {
    CinderDisasterRecovery,
    type CinderDisasterRecoveryArgs,
} from "./cinderDisasterRecovery";
export { CinderHost, type CinderHostArgs } from "./cinderHost";
export { ReplicatedVolumeType, type ReplicatedVolumeTypeArgs } from "./replicatedVolumeType";
export { ProblemsError, type Problem } from "../core/problem";
export { checkTopology, parseTopology, type Topology, type TopologyInput } from "../core/topology";
export type { Backend, ReplicationDevice } from "../core/topology/backend";
export type { Host } from "../core/topology/host";
export type { Site } from "../core/topology/site";
export type { VolumeType } from "../core/topology/volumeType";
