import draw from 'lodash/template.js';
export const page = draw('<%= a %>');
