const parse = require('./minimist');
parse([]);
