module.exports = require('./lib/read');
