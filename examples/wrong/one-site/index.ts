import { CinderDisasterRecovery } from "../../../components";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
const adminHost = (address: string) => ({ address, hostKey });

new CinderDisasterRecovery("cinder-dr", {
    topology: {
        sites: {
            primary: { name: "paris", adminHost: adminHost("ceph.paris.example.org") },
            secondary: { name: "lyon", adminHost: adminHost("ceph.lyon.example.org") },
        },
        backends: {
            ceph: {
                pool: "volumes",
                user: "cinder",
                secretUuid: "457eb676-33da-42ec-9a8c-9293d545c337",
                replicationDevice: {
                    backendId: "secondary",
                    secretUuid: "0e3b0a2a-2217-4ef0-b5a5-bfd2ff217720",
                },
            },
        },
        hosts: {
            "cinder-a": {
                address: "cinder-a.example.org",
                user: "deploy",
                hostKey,
                site: "primary",
                skipChecks: ["health"],
            },
            "cinder-b": {
                address: "cinder-b.example.org",
                user: "deploy",
                hostKey,
                site: "primary",
            },
        },
        volumeTypes: { gold: { backend: "ceph" } },
        rollout: { canary: 0, batch: "all" },
    },
});
