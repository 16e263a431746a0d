const { Sequelize } = require('sequelize');
new Sequelize({ dialect: 'postgres' });
