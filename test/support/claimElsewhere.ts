import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Another machine, `desk`, works on this journal. @returns the claim's file */
export function claimElsewhere(folder: string, id: string): string {
    const file = join(folder, `${id}.jsonl.pid`);
    const place = { host: "desk", boot: "b", pids: "pid:[1]", system: "s" };
    writeFileSync(file, JSON.stringify({ pid: 7, start: "1", place }));
    return file;
}
