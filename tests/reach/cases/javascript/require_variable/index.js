const kind = ['js', 'yaml'].join('-');
const parser = require(kind);
parser.load('a: 1');
