const left = require('left');
left();
