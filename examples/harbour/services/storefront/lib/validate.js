'use strict';

const EMAIL = /^([a-zA-Z0-9]+)+@([a-zA-Z0-9.]+)+$/;
const COUPON = /^[A-F0-9]{8}$/i;

function isEmail(text) {
  return EMAIL.test(text);
}

function isCoupon(text) {
  return COUPON.test(text);
}

function matches(text, pattern) {
  return new RegExp(pattern, 'i').test(text);
}

module.exports = { isEmail, isCoupon, matches };
