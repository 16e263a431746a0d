document.body.innerHTML = _.template('x')();
