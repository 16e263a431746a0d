const { dump } = require('js-yaml');
console.log(dump({ a: 1 }));
