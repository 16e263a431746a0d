'use strict';

const fs = require('fs');
const path = require('path');
const express = require('express');
const handlebars = require('handlebars');
const marked = require('marked');
const orders = require('../lib/orders-client');
const settings = require('../lib/settings');

const router = express.Router();

router.get('/pages', (request, response) => {
  const file = path.join(settings.contentFolder, request.query.name);
  response.send(marked(fs.readFileSync(file, 'utf8')));
});

router.get('/download', (request, response) => {
  response.sendFile(process.cwd() + '/content/' + request.query.file);
});

router.post('/templates/preview', (request, response) => {
  const template = handlebars.compile(request.body.template);
  response.send(template({ shop: 'Harbour', customer: request.body.customer }));
});

router.get('/preview', async (request, response, next) => {
  try {
    response.send(await orders.fetchPreview(request.query.url));
  } catch (error) {
    next(error);
  }
});

module.exports = router;
