import { remote } from "@pulumi/command";

const values = {
    conf: {
        backends: {
            rbd1: {
                volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
                volume_backend_name: "rbd1",
                rbd_ceph_conf: "/etc/ceph/ceph.conf",
                rbd_pool: "volumes",
                rbd_user: "cinder",
                rbd_secret_uuid: "457eb676-33da-42ec-9a8c-9293d545c337",
                rados_connect_timeout: -1,
                replication_device:
                    "backend_id:default,conf:/etc/ceph/secondary.conf,user:cinder,secret_uuid:0e3b0a2a-2217-4ef0-b5a5-bfd2ff217720",
            },
        },
    },
};

new remote.Command("cinder", {
    connection: {
        host: "deploy.example.org",
        user: "deploy",
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
    },
    create: "helm upgrade --install cinder openstack-helm/cinder --values -",
    stdin: JSON.stringify(values),
    logging: "none",
});
