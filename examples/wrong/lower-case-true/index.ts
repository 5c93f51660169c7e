import * as openstack from "@pulumi/openstack";

new openstack.blockstorage.VolumeTypeV3(
    "gold",
    {
        name: "gold",
        isPublic: true,
        extraSpecs: { volume_backend_name: "ceph", replication_enabled: "<is> true" },
    },
    { protect: true },
);
