const app = require('express')();
app.listen(80);
