'use strict';

const axios = require('axios');
const https = require('https');
const settings = require('./settings');

const agent = new https.Agent({ rejectUnauthorized: false });

async function search(text) {
  const answer = await axios.get(settings.ordersUrl + '/orders?q=' + text, { httpsAgent: agent });
  return answer.data;
}

async function signIn(email, password) {
  const answer = await axios.post(settings.ordersUrl + '/session', { email, password }, { httpsAgent: agent });
  return answer.data;
}

async function fetchPreview(url) {
  const answer = await axios.get(url, { httpsAgent: agent, responseType: 'text' });
  return answer.data;
}

module.exports = { search, signIn, fetchPreview };
