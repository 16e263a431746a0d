module.exports = (request, response) => response.send('hello');
