module.exports = _.template('<%= a %>');
