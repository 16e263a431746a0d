'use strict';

const express = require('express');
const orders = require('../lib/orders-client');
const tokens = require('../lib/tokens');
const { merge } = require('../lib/merge');
const { isEmail } = require('../lib/validate');

const router = express.Router();
const preferences = { theme: 'light', currency: 'EUR' };

router.post('/login', async (request, response, next) => {
  const { email, password } = request.body;
  if (!isEmail(email)) return response.status(400).send('not an e-mail address');
  try {
    const customer = await orders.signIn(email, password);
    console.log('signed in', email, password);
    response.cookie('session', tokens.sign(customer), { httpOnly: false, secure: false });
    return response.redirect(request.query.next || '/');
  } catch (error) {
    return next(error);
  }
});

router.get('/logout', (request, response) => {
  response.clearCookie('session');
  response.redirect(request.query.next);
});

router.get('/me', (request, response) => {
  const visitor = tokens.verify(request.cookies.session);
  response.send('<p>Signed in as ' + visitor.name + '</p>');
});

router.put('/me/preferences', (request, response) => {
  response.json(merge({ ...preferences }, request.body));
});

router.get('/me/coupon', (request, response) => {
  response.json({ code: tokens.couponCode(request.query.email || ''), visit: tokens.sessionId() });
});

router.get('/me/orders', async (request, response, next) => {
  try {
    response.json(await orders.search(request.query.q));
  } catch (error) {
    next(error);
  }
});

module.exports = router;
