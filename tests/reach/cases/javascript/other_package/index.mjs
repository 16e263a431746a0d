import { chunk } from 'lodash-es';
console.log(chunk([1], 1));
