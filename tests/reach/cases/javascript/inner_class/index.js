const { satisfies } = require('semver');
satisfies('1', process.argv[2]);
