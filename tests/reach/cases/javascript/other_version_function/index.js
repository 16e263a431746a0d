const { v4: uuid } = require('uuid');
uuid();
