import * as pulumi from "@pulumi/pulumi";

import { CinderHost, parseTopology, type TopologyInput } from "../../components";

const config = new pulumi.Config("cinder-dr-bench");
const { hosts, backends, timeouts } = parseTopology(
    config.requireObject<TopologyInput>("topology"),
);
for (const host of hosts) new CinderHost(host.name, { host, backends, timeouts });
