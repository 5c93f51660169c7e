import { remote } from "@pulumi/command";

const connection = {
    host: "cinder-a.example.org",
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
};

new remote.Command("failover", {
    connection,
    create: "cinder failover-host cinder-a@ceph --backend_id secondary",
    delete: "cinder failover-host cinder-a@ceph --backend_id default",
});
