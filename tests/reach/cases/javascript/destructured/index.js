const { template: make } = require('lodash');
console.log(make('<%= a %>')({ a: 1 }));
