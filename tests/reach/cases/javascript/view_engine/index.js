const app = require('express')();
app.set('view engine', 'ejs');
app.listen(80);
