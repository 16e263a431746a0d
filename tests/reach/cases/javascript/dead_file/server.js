const app = require('express')();
app.use(require('./lib/hello'));
app.listen(80);
