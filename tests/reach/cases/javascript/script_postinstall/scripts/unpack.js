const tar = require('tar');
tar.extract({ file: 'data.tgz' });
