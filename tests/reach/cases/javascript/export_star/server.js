import { merge } from './lib/helpers.js';
merge({}, JSON.parse(process.argv[2]));
