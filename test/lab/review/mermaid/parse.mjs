// Reads diagrams as a JSON list on stdin, and prints for each what Mermaid's own parser makes of it: nodes, edges and
// subgraphs, or its error.
import { text } from "node:stream/consumers";

import DOMPurify from "dompurify";

// Without a browser DOMPurify only has a name. What it would clean is not drawn here; names are judged by the test.
DOMPurify.addHook = () => undefined;
DOMPurify.sanitize = String;
const { default: mermaid } = await import("mermaid");

/** Mermaid keeps entities in a spelling of its own until it draws. */
const decoded = (label) =>
    label
        .replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)))
        .replace(/ﬂ°(\w+)¶ß/g, "&$1;");

async function read(diagram) {
    try {
        await mermaid.parse(diagram);
        const { db } = await mermaid.mermaidAPI.getDiagramFromText(diagram);
        return {
            nodes: [...db.getVertices().values()].map(({ id, text = "", classes }) => ({
                id,
                lines: text.split("<br>").map(decoded),
                classes,
            })),
            edges: db
                .getEdges()
                .map(({ start, end, text = "" }) => ({ start, end, label: decoded(text) })),
            subgraphs: db.getSubGraphs().map(({ id, title }) => ({ id, title: decoded(title) })),
        };
    } catch (error) {
        return { error: error.message };
    }
}

const answers = [];
for (const diagram of JSON.parse(await text(process.stdin))) answers.push(await read(diagram));
console.log(JSON.stringify(answers));
