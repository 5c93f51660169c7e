import { remote } from "@pulumi/command";

const connection = {
    host: "controller.example.org",
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
};

new remote.Command("gold", {
    connection,
    create: [
        "openstack volume type create gold --public --encryption-provider luks --encryption-control-location front-end",
        "openstack volume type set gold --property volume_backend_name=ceph --property replication_enabled='<is> True'",
    ].join("\n"),
    delete: "openstack volume type delete gold",
});
