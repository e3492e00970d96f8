// Adds up the JSON reports of test runs to one line: "N passed, N failed, N skipped".
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (key) => reports.reduce((total, report) => total + report[key], 0);
const failed = sum('numFailedTests') + reports.filter(({ success }) => !success).length;
const skipped = sum('numPendingTests') + sum('numTodoTests');
console.log(`\n${sum('numPassedTests')} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
