import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

const connection = {
    host: "cinder-a.example.org",
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
};

const conf = `[ceph]
volume_driver = cinder.volume.drivers.rbd.RBDDriver
volume_backend_name = ceph
rbd_cluster_name = ceph
rbd_ceph_conf = /etc/ceph/ceph.conf
rbd_pool = volumes
rbd_user = cinder
rbd_secret_uuid = 457eb676-33da-42ec-9a8c-9293d545c337
rados_connect_timeout = 5
replication_device = backend_id:secondary,conf:/etc/ceph/secondary.conf,user:cinder,secret_uuid:0e3b0a2a-2217-4ef0-b5a5-bfd2ff217720
`;

new remote.Command("cinder-a", {
    connection,
    create: "install -m 0640 -o root -g cinder /dev/stdin /etc/cinder/cinder.conf && systemctl restart cinder-volume",
    stdin: pulumi.secret(conf),
    logging: "none",
});

const other = `[ceph]
volume_driver = cinder.volume.drivers.rbd.RBDDriver
volume_backend_name = ceph
rbd_cluster_name = ceph
rbd_ceph_conf = /etc/ceph/ceph.conf
rbd_pool = volumes
rbd_user = cinder
rbd_secret_uuid = 457eb676-33da-42ec-9a8c-9293d545c337
rados_connect_timeout = 5
`;

new remote.Command("cinder-b", {
    connection: { ...connection, host: "cinder-b.example.org" },
    create: "install -m 0640 -o root -g cinder /dev/stdin /etc/cinder/cinder.conf && systemctl restart cinder-volume",
    stdin: pulumi.secret(other),
    logging: "none",
});
