const _ = require('lodash');
console.log(_[process.argv[2]]('x'));
