const serialize = require('serialize-javascript');
module.exports = { entry: './src/index.js', name: serialize({}) };
