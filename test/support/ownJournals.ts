import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A journal folder of each test's own: call in a describe, and read `folder` in a test. */
export function ownJournals(): { folder: string } {
    const own = { folder: "" };
    const usual = process.env.CINDER_DR_JOURNALS;
    beforeEach(() => {
        own.folder = mkdtempSync(join(tmpdir(), "cinder-dr-journals-"));
        process.env.CINDER_DR_JOURNALS = own.folder;
    });
    afterEach(() => {
        if (usual === undefined) delete process.env.CINDER_DR_JOURNALS;
        else process.env.CINDER_DR_JOURNALS = usual;
        rmSync(own.folder, { recursive: true });
    });
    return own;
}
