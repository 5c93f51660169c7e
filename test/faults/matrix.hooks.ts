import { joinRows, matrix } from "./matrix";

/** Mocha's root hooks: the matrix stands at the end of the run. */
export const mochaHooks = {
    afterAll(): void {
        joinRows();
        console.log(`\n${matrix()}`);
    },
};
