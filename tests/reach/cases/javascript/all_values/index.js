import _ from 'lodash';
for (const f of Object.values(_)) f('x');
