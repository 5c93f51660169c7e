import { nothingDeclared, type Declared } from "../../../review/declared";

/** Names that would break a comment, or do something in it. */
export const HOSTILE = [
    "`rm -rf /`",
    "a|b|c",
    "<img src=x onerror=alert(1)>",
    "@octocat please merge",
    "[x](https://evil.example.org)",
    "https://evil.example.org www.evil.org",
    "#1 GH-2 o/r#3",
    "a\nb\n\n# heading",
    "</details></summary>",
    "*bold* _it_ ~~s~~ $x$ :shipit:",
    "\u202egnp.exe",
    "&#64;octocat &lt;b&gt;",
    "```\n~~~",
    "\\| \\`",
    "<!-- cinder-dr review x -->",
];

/** A stack whose every name and value is hostile, as one's own program may declare it. */
export function hostile(text: string, device: boolean): Declared {
    const options = {
        rbd_pool: text,
        volume_backend_name: text,
        ...(device ? { replication_device: `backend_id:${text},conf:${text}` } : {}),
    };
    const stanza = Object.entries(options)
        .map(([key, value]) => `${key} = ${value}`)
        .join("\n");
    return {
        ...nothingDeclared(),
        sites: { primary: text, secondary: `${text}2` },
        settings: { batch: device ? "1" : text },
        waves: [[text]],
        backends: new Map([[text, options]]),
        hosts: new Map([
            [
                text,
                {
                    facts: { address: device ? text : "b", hostKey: text },
                    stanzas: { [text]: stanza },
                },
            ],
        ]),
        types: new Map([
            [text, { volume_backend_name: text, tier: device ? "a" : text, protect: "true" }],
        ]),
    };
}
