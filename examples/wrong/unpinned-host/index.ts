import { remote } from "@pulumi/command";

new remote.Command("status", {
    connection: { host: "cinder-a.example.org", user: "deploy" },
    create: "systemctl is-active cinder-volume",
});

new remote.Command("status-by-rsa", {
    connection: {
        host: "cinder-b.example.org",
        user: "deploy",
        hostKey: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDQWQ1mVQ5pX0yq",
    },
    create: "systemctl is-active cinder-volume",
});
