"use strict";

// Loaded by `node --require` into a command whose machine's clock is an hour ahead of everybody else's.
const AHEAD_MILLISECONDS = 3_600_000;
const Real = Date;

globalThis.Date = class extends Real {
    constructor(...words) {
        if (words.length === 0) super(Real.now() + AHEAD_MILLISECONDS);
        else super(...words);
    }

    static now() {
        return Real.now() + AHEAD_MILLISECONDS;
    }
};
