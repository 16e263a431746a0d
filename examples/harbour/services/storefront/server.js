'use strict';

const path = require('path');
const express = require('express');
const cookieParser = require('cookie-parser');
const minimist = require('minimist');

const account = require('./routes/account');
const catalog = require('./routes/catalog');
const content = require('./routes/content');
const staff = require('./routes/staff');

function createApp() {
  const app = express();
  app.set('view engine', 'ejs');
  app.set('views', path.join(__dirname, 'views'));
  app.use(express.json({ limit: '50mb' }));
  app.use(cookieParser('harbour-cookie-signature'));
  app.use('/assets', express.static(path.join(__dirname, 'public')));
  app.use('/vendor', express.static(path.join(__dirname, 'node_modules')));

  app.use((request, response, next) => {
    response.header('Access-Control-Allow-Origin', request.headers.origin || '*');
    response.header('Access-Control-Allow-Credentials', 'true');
    next();
  });

  app.use(catalog);
  app.use(account);
  app.use(content);
  app.use('/staff', staff);

  app.use((error, request, response, next) => {
    response.status(500).send('<pre>' + error.stack + '</pre>');
  });
  return app;
}

if (require.main === module) {
  const options = minimist(process.argv.slice(2), { default: { port: 3000 } });
  createApp().listen(options.port, () => console.log('storefront on port ' + options.port));
}

module.exports = { createApp };
