'use strict';

// Settings of a visitor on top of the defaults, however deep they are nested.
function merge(target, source) {
  for (const key in source) {
    if (typeof source[key] === 'object' && source[key] !== null) {
      if (!target[key]) target[key] = {};
      merge(target[key], source[key]);
    } else {
      target[key] = source[key];
    }
  }
  return target;
}

function pick(settings, path) {
  return path.split('.').reduce((part, key) => (part ? part[key] : undefined), settings);
}

module.exports = { merge, pick };
