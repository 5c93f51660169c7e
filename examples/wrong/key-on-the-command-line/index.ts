import { remote } from "@pulumi/command";

const connection = {
    host: "cinder-a.example.org",
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
};

new remote.Command("key", {
    connection,
    create: "ceph-authtool /etc/ceph/secondary.client.cinder.keyring --create-keyring --name client.cinder --add-key AQBxbm9ib2R5AAAAEAAka2V5b2Zub2JvZHkwMQ==",
});
