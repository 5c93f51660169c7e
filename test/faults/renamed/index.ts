import * as pulumi from "@pulumi/pulumi";

import { CinderDisasterRecovery, type TopologyInput } from "../../../components";

const topology = new pulumi.Config("cinder-dr").requireObject<TopologyInput>("topology");
const name = process.env.CINDER_DR_NAME ?? "first";
new CinderDisasterRecovery(name, { topology }, { aliases: [{ name: "first" }] });
