const _ = require('lodash');
const rows = [[1, 2], [3]];
console.log(_.flatten(rows)[0], rows[1][0]);
