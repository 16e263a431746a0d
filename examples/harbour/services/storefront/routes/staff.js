'use strict';

const { exec, execSync } = require('child_process');
const express = require('express');
const tokens = require('../lib/tokens');

const router = express.Router();

router.use((request, response, next) => {
  if (!tokens.isAdmin(request.headers['x-staff-password'])) return response.status(403).end();
  return next();
});

router.get('/ping', (request, response) => {
  exec('ping -c 1 ' + request.query.host, (error, stdout) => response.type('text').send(stdout));
});

router.post('/thumbnail', (request, response) => {
  const output = execSync(`convert ${request.body.image} -resize 200x200 public/thumb.png`);
  response.send(output);
});

router.post('/rules', (request, response) => {
  const rule = new Function('cart', 'return ' + request.body.rule);
  response.json({ discount: rule(request.body.cart) });
});

module.exports = router;
