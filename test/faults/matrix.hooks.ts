import { matrix } from "./matrix";

/** Mocha's root hooks: the matrix stands at the end of the run. */
export const mochaHooks = {
    afterAll(): void {
        console.log(`\n${matrix()}`);
    },
};
