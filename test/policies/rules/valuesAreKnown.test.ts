import { valuesAreKnown } from "../../../policies/rules/valuesAreKnown";
import { command, confCommand, host, localCommand, stanza, volumeType } from "../fixtures";
import { testRule } from "../support";

const HIDDEN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const said = (name: string, paths: string) =>
    `'${name}' has inputs that are not known here: ${paths}; the rules judge them at up, or give them plainly`;

testRule(valuesAreKnown, {
    passes: {
        "plain values": host(),
        "a value of another resource": {
            type: "aws:s3/bucket:Bucket",
            name: "b",
            props: { x: HIDDEN },
        },
    },
    fails: {
        "a command line": [command(HIDDEN), said("run", "create")],
        "a local command line": [localCommand(HIDDEN), said("run", "create")],
        "two of them": [
            volumeType({ replication_enabled: HIDDEN }, { props: { isPublic: HIDDEN } }),
            said("replicated", "isPublic, extraSpecs.replication_enabled"),
        ],
        "a host's": [host({ stanzas: HIDDEN }), said("cinder-a", "stanzas")],
        "a copy's": [
            { type: "command:remote:CopyToRemote", name: "c", props: { remotePath: HIDDEN } },
            said("c", "remotePath"),
        ],
        "another resource with a cinder.conf": [
            { type: "k8s:ConfigMap", name: "cm", props: { data: stanza(), id: HIDDEN } },
            said("cm", "id"),
        ],
        "a secret that the analysis of a state cuts out": [
            command("true", { connection: "[secret]" }),
            said("run", "connection"),
        ],
        "one of several": [
            {
                ...confCommand(stanza()),
                props: { create: stanza(), update: HIDDEN, stdin: HIDDEN },
            },
            said("conf", "update, stdin"),
        ],
    },
});
