import { createHash } from "node:crypto";

import { remote } from "@pulumi/command";
import { blockstorage, Provider } from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";

const connection = (host: string) => ({
    host: `${host}.example.org`,
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
});

const head = (cloud: string, backends: string) => `[DEFAULT]
enabled_backends = ${backends}
[keystone_authtoken]
auth_url = https://${cloud}.example.org:5000
[service_user]
send_service_user_token = true
`;

/** A section as some write it: defaults apart, colons, a value on the next line. */
const paris = `${head("paris", "ceph, pure")}
[backend_defaults]
rados_connect_timeout = 5
[ceph]
volume_driver: cinder.volume.drivers.rbd.RBDDriver
volume_backend_name: ceph
rbd_ceph_conf: /etc/ceph/ceph.conf
rbd_pool: volumes
rbd_user: cinder
rbd_secret_uuid: 457eb676-33da-42ec-9a8c-9293d545c337
replication_device:
    backend_id:lyon,conf:/etc/ceph/lyon.conf,user:cinder,secret_uuid:0e3b0a2a-2217-4ef0-b5a5-bfd2ff217720
[pure]
volume_driver = cinder.volume.drivers.pure.PureISCSIDriver
volume_backend_name = pure
`;

/** The other cloud has a section of the same name, which does not replicate. */
const rome = `${head("rome", "ceph")}
[ceph]
volume_driver = cinder.volume.drivers.rbd.RBDDriver
volume_backend_name = ceph
rbd_pool = cinder
`;

for (const [cloud, conf] of Object.entries({ paris, rome }))
    for (const host of ["cinder-1", "cinder-2"])
        new remote.Command(`${host}.${cloud}`, {
            connection: connection(`${host}.${cloud}`),
            create: "install -Dm640 -o root -g cinder /dev/stdin /etc/cinder/cinder.conf && systemctl daemon-reload && systemctl restart cinder-volume && systemctl reload cinder-api",
            triggers: [createHash("sha256").update(conf).digest("base64")],
            stdin: pulumi.secret(conf),
            logging: "none",
        });

const clouds = {
    paris: new Provider("paris", { authUrl: "https://paris.example.org:5000/v3" }),
    rome: new Provider("rome", { authUrl: "https://rome.example.org:5000/v3" }),
};
const types: [string, keyof typeof clouds, Record<string, string>][] = [
    [
        "gold",
        "paris",
        { replication_enabled: "<is> True", "capabilities:volume_backend_name": "s== ceph" },
    ],
    ["pure", "paris", { replication_enabled: "<is> True", volume_backend_name: "pure" }],
    ["standard", "rome", { volume_backend_name: "ceph" }],
];
for (const [name, cloud, extraSpecs] of types)
    new blockstorage.VolumeTypeV3(
        name,
        { isPublic: true, description: "first line\nsecond line", extraSpecs },
        { provider: clouds[cloud], protect: true },
    );

new remote.Command("silver", {
    connection: connection("admin.paris"),
    environment: { OS_CLOUD: "paris", OS_PASSWORD: pulumi.secret("of nobody at all") },
    create: "openstack volume type create --property replication_enabled='<is> True' --property volume_backend_name=ceph silver",
    logging: "none",
});

new remote.Command("images", {
    connection: connection("ceph.paris"),
    create: "rbd mirror pool enable images pool && ceph auth get-or-create client.rbd-mirror.paris mon 'profile rbd-mirror' osd 'profile rbd'",
});
