global._ = require('underscore');
require('./page');
