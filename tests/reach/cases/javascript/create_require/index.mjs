import { createRequire } from 'node:module';
const load = createRequire(import.meta.url);
const { Range } = load('semver');
console.log(new Range(process.argv[2]));
