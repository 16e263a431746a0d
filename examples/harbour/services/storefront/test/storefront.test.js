'use strict';

const assert = require('node:assert');
const { after, before, test } = require('node:test');
const { createApp } = require('../server');

let server;
let base;

before(async () => {
  server = createApp().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = 'http://127.0.0.1:' + server.address().port;
});

after(() => server.close());

const get = async (path) => (await fetch(base + path)).text();

test('the home page lists the products', async () => {
  assert.match(await get('/'), /brass lantern/);
});

test('search reflects markup', async () => {
  assert.match(await get('/search?q=<b>'), /Results for <b>/);
});

test('the price evaluates what it is given', async () => {
  assert.deepStrictEqual(JSON.parse(await get('/price?id=2&rate=2')), { id: 2, cents: 4200 });
});

test('preferences pollute the prototype', async () => {
  const body = '{"__proto__": {"polluted": "yes"}}';
  await fetch(base + '/me/preferences', { method: 'PUT', body, headers: { 'Content-Type': 'application/json' } });
  assert.strictEqual({}.polluted, 'yes');
  delete Object.prototype.polluted;
});

test('staff pages need the password', async () => {
  assert.strictEqual((await fetch(base + '/staff/ping')).status, 403);
});
