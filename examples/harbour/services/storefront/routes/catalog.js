'use strict';

const express = require('express');
const _ = require('lodash');
const moment = require('moment');
const { matches } = require('../lib/validate');

const router = express.Router();

const PRODUCTS = [
  { id: 1, name: 'brass lantern', cents: 5900, added: '2026-01-12' },
  { id: 2, name: 'rope, 20 m', cents: 2100, added: '2026-02-03' },
  { id: 3, name: 'signal flags', cents: 8900, added: '2026-02-20' },
  { id: 4, name: 'compass', cents: 12900, added: '2026-03-01' },
];

router.get('/', (request, response) => {
  const shown = _.sortBy(PRODUCTS, request.query.sort || 'name');
  response.render('home', { products: shown, since: (day) => moment(day).fromNow(), notice: request.query.notice || '' });
});

router.get('/search', (request, response) => {
  const text = request.query.q || '';
  const found = PRODUCTS.filter((product) => matches(product.name, text));
  response.send('<h1>Results for ' + text + '</h1><p>' + found.map((product) => product.name).join(', ') + '</p>');
});

router.get('/price', (request, response) => {
  const product = PRODUCTS.find((entry) => entry.id === Number(request.query.id)) || PRODUCTS[0];
  const rate = request.query.rate || '1';
  response.json({ id: product.id, cents: eval(product.cents + '*' + rate) });
});

router.get('/products/:field', (request, response) => {
  const field = request.params.field;
  response.json(PRODUCTS.map((product) => product[field]));
});

module.exports = router;
