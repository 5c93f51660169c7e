import { strict as assert } from "node:assert";

import { statementsIn } from "../../../policies/facts/shellWords";
import { filesWritten } from "../../../policies/facts/written";

describe("filesWritten", () => {
    for (const [command, files] of [
        ["echo x > /a", ["/a"]],
        ["echo x >>/a", ["/a"]],
        ["cmd 2>/a", ["/a"]],
        ["cat </a", []],
        ["echo x >", []],
        ["sudo tee -a /a /b", ["/a", "/b"]],
        ["cp /a /b", ["/b", "/b/a"]],
        ["cp /x/a.conf /y/b/", ["/y/b", "/y/b/a.conf"]],
        ["cp /x/a.conf /y/a.conf", ["/y/a.conf"]],
        ["cp", []],
        ["mv -f /a /b", ["/b", "/b/a"]],
        ["install -m 0640 /dev/stdin /b", ["/b", "/b/0640", "/b/stdin"]],
        ["sed -i s/a/b/ /a", ["s/a/b/", "/a"]],
        ["sed -Ei s/a/b/ /a", ["s/a/b/", "/a"]],
        ["sed --in-place=.x s/a/b/ /a", ["s/a/b/", "/a"]],
        ["sed s/a/b/ /a", []],
        ["dd if=/a of=/b", ["/b"]],
        ["crudini --set /a s k v", ["/a", "s", "k", "v"]],
        ["crudini --del /a s", ["/a", "s"]],
        ["crudini --merge /a", ["/a"]],
        ["crudini --get /a s", []],
        ["openstack-config --set /a s", ["/a", "s"]],
        ["openstack-config --get /a s", []],
        ["grep x /a", []],
    ] as const)
        it(`${command} writes ${files.join(" ") || "nothing"}`, () => {
            assert.deepEqual(statementsIn(command).flatMap(filesWritten), files);
        });
});
