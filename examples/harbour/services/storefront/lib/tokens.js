'use strict';

const crypto = require('crypto');
const jwt = require('jsonwebtoken');
const settings = require('./settings');

function sessionId() {
  return Math.random().toString(36).slice(2);
}

function couponCode(email) {
  return crypto.createHash('md5').update(email).digest('hex').slice(0, 8);
}

function sign(customer) {
  return jwt.sign({ id: customer.id, name: customer.name, role: 'customer' }, 'harbour-demo-jwt-secret');
}

function verify(token) {
  return jwt.verify(token, settings.jwtSecret, { algorithms: ['HS256', 'none'] });
}

function isAdmin(password) {
  return password == settings.adminPassword;
}

module.exports = { sessionId, couponCode, sign, verify, isAdmin };
