const { read } = require('@shop/args');
read();
