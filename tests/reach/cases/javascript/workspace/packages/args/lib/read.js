exports.read = () => require('minimist')(process.argv);
