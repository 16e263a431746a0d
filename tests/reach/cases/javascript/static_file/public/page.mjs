import _ from '/node_modules/underscore/underscore.js';
document.body.innerHTML = _.template('x')();
