import { replicationDeviceReadsAsWritten } from "../../../policies/rules/replicationDeviceReadsAsWritten";
import { confCommand, DEVICE, localCommand, stanza } from "../fixtures";
import { testRule } from "../support";

const device = (text: string) => confCommand(stanza({ replication_device: text }));
const said = (fault: string) =>
    `'conf' [ceph] replication_device ${fault}; write key:value pairs with one comma between them`;

testRule(replicationDeviceReadsAsWritten, {
    passes: {
        "a plain device": device(DEVICE),
        "spaces round the signs": device(DEVICE.replaceAll(",", " , ").replaceAll(":", " : ")),
        "a device in quotes": device(`"${DEVICE}"`),
        "a doubled dollar": device(DEVICE.replace("secondary.conf", "a$$$$b.conf")),
        "continued lines": confCommand(
            `${stanza({ replication_device: undefined })}replication_device = ${DEVICE.replaceAll(",", ",\n    ")}\n`,
        ),
        "a colon in a value": device(DEVICE.replace("user:cinder", "user:a:b")),
    },
    fails: {
        "an equals sign": [
            device(DEVICE.replace("backend_id:", "backend_id=")),
            said("has a part without ':', so the part before or behind it is read wrongly"),
        ],
        "a comma too many": [device(`${DEVICE},`), said("has a comma too many")],
        "a part without a colon": [
            device(DEVICE.replace(",conf:", ",junk,conf:")),
            said("has a part without ':', so the part before or behind it is read wrongly"),
        ],
        "a key twice": [device(`${DEVICE},user:other`), said("has 'user' twice")],
        "a strange key twice": [device(`${DEVICE},a-b:1,a-b:2`), said("has '…' twice")],
        "a comment": [
            device(`${DEVICE} # the other site`),
            said("has a comment behind it, which becomes part of the last value"),
        ],
        "a dollar": [
            device(DEVICE.replace("secondary.conf", "$site.conf")),
            said("has a single '$', which oslo.config substitutes: write '$$'"),
        ],
        "a dollar at the start": [
            device(`$x,${DEVICE}`),
            said("has a single '$', which oslo.config substitutes: write '$$'"),
            said("has a part without ':', so the part before or behind it is read wrongly"),
        ],
        nothing: [device(""), said("has a comma too many")],
        "an appended line": [
            localCommand(`echo "replication_device = ${DEVICE}," >> /etc/cinder/cinder.conf`),
            said("has a comma too many").replace("'conf' [ceph]", "'run' […]"),
        ],
    },
    unknown: ["create"],
});
