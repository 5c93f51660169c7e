import * as pulumi from "@pulumi/pulumi";

import { CinderDisasterRecovery, type TopologyInput } from "./components";

const topology = new pulumi.Config("cinder-dr").requireObject<TopologyInput>("topology");
const recovery = new CinderDisasterRecovery("cinder-dr", { topology });

export const hosts = recovery.hosts;
export const libvirtSecrets = recovery.libvirtSecrets;
export const notApplied = recovery.notApplied;
export const volumeTypeIds = recovery.volumeTypeIds;
