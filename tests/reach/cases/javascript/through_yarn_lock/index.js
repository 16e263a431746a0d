require('node-gyp')();
