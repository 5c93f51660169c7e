// The peer of bench/startup.ts: the same resources as the program declares, by hand, in plain JavaScript.
"use strict";
const pulumi = require("@pulumi/pulumi");
const { remote } = require("@pulumi/command");
const { blockstorage } = require("@pulumi/openstack");

const { hosts } = new pulumi.Config("cinder-dr").requireObject("topology");
for (const [name, { address, hostKey }] of Object.entries(hosts))
    new remote.Command(name, { connection: { host: address, hostKey }, create: "true" });
new blockstorage.VolumeTypeV3("replicated", {
    name: "replicated",
    isPublic: true,
    extraSpecs: { replication_enabled: "<is> True", volume_backend_name: "ceph" },
});
