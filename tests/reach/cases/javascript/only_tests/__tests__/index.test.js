const axios = require('axios');
test('get', () => axios.get('/'));
