import { template } from 'lodash';
document.body.innerHTML = template('x')();
