'use strict';

module.exports = {
  ordersUrl: process.env.ORDERS_URL || 'http://orders:8000',
  jwtSecret: 'harbour-demo-jwt-secret',
  adminPassword: 'anchor-chain-demo-17',
  contentFolder: process.env.CONTENT_FOLDER || './content',
};
