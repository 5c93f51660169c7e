import * as openstack from "@pulumi/openstack";

new openstack.blockstorage.VolumeTypeV3(
    "gold",
    {
        name: "gold",
        isPublic: true,
        extraSpecs: { volume_backend_name: "ceph", replication_enabled: "<is> True" },
    },
    { protect: true },
);

new openstack.blockstorage.VolumeTypeV3(
    "scratch",
    {
        name: "scratch",
        isPublic: true,
        extraSpecs: { volume_backend_name: "ceph" },
    },
    { protect: true },
);

new openstack.blockstorage.VolumeTypeV3(
    "anything",
    {
        name: "anything",
        isPublic: true,
        extraSpecs: {},
    },
    { protect: true },
);
