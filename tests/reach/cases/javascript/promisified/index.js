const { promisify } = require('util');
module.exports = promisify(require('jsonwebtoken').verify);
