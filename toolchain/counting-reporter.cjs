const { writeFileSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

/** Mocha's spec reporter that also writes its counts, titles and failures to the file in the option `output`. */
module.exports = class CountingReporter extends reporters.Spec {
    constructor(runner, options) {
        super(runner, options);
        const titles = [];
        runner.on(Runner.constants.EVENT_TEST_END, (test) => titles.push(test.fullTitle()));
        const lines = [];
        runner.on(Runner.constants.EVENT_TEST_FAIL, (test, error) =>
            lines.push(`${test.fullTitle()}: ${error.message}`),
        );
        runner.once(Runner.constants.EVENT_RUN_END, () => {
            const { passes, failures, pending } = this.stats;
            const counts = { passed: passes, failed: failures, skipped: pending };
            const text = JSON.stringify({ ...counts, titles, failures: lines });
            writeFileSync(options.reporterOptions.output, text);
        });
    }
};
