module.exports = { entry: './src/page.js' };
