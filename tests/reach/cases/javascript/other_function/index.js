import { chunk, uniq as once } from 'lodash';
console.log(once(chunk([1, 1], 1)));
