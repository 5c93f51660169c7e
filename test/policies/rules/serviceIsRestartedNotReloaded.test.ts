import { serviceIsRestartedNotReloaded } from "../../../policies/rules/serviceIsRestartedNotReloaded";
import { command, host } from "../fixtures";
import { testRule } from "../support";

const said = (name: string) =>
    `'${name}' reloads cinder-volume, which keeps the old target; restart it`;

testRule(serviceIsRestartedNotReloaded, {
    passes: {
        "a restart": command("systemctl restart cinder-volume"),
        "a reload of another service": command("systemctl reload nginx"),
        "a reload of the units' files": command(
            "systemctl daemon-reload && systemctl restart cinder-volume",
        ),
        "words that only hold it": command("cinder-tool xreload reloads"),
        "another -1": command("crudini --set /etc/cinder/cinder.conf ceph x -1"),
        "another signal": command("pkill -TERM -f cinder-volume"),
        "a word of that name": command("echo HUP cinder"),
        "a reload of the other services": command(
            "systemctl reload cinder-api openstack-cinder-scheduler; docker kill -s HUP cinder_backup",
        ),
        "a unit": host(),
        "a restart command": host({
            service: {
                commands: {
                    restart: ["svc", "restart", "cinder-volume"],
                    status: ["svc", "reload", "cinder-volume"],
                },
            },
        }),
    },
    fails: {
        "a reload": [command("sudo systemctl reload cinder-volume.service"), said("run")],
        "a signal": [command("pkill -HUP -f cinder-volume"), said("run")],
        "a signal to a container": [command("docker kill --signal=HUP cinder_volume"), said("run")],
        "a signal by words": [command("docker kill -s SIGHUP cinder_volume"), said("run")],
        "a signal to what a substitution finds": [
            command("kill -HUP $(pgrep -f cinder-volume)"),
            said("run"),
        ],
        "a signal to what backticks find": [command("kill -1 `pidof cinder-volume`"), said("run")],
        "all of Cinder": [command("systemctl reload 'cinder*'"), said("run")],
        "a reload command of a host": [
            host({
                service: {
                    commands: { restart: ["svc", "reload", "cinder-volume"], status: ["true"] },
                },
            }),
            said("cinder-a"),
        ],
    },
    unknown: ["create"],
});
