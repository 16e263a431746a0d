module.exports = (words) => words;
