'use strict';

const security = require('eslint-plugin-security');

module.exports = [
  { ignores: ['node_modules/', 'test/', 'eslint.config.js'] },
  { files: ['public/**/*.js'], languageOptions: { sourceType: 'script' } },
  { files: ['**/*.js'], languageOptions: { sourceType: 'commonjs' } },
  {
    ...security.configs.recommended,
    rules: { ...security.configs.recommended.rules, 'no-eval': 'error', 'no-implied-eval': 'error', 'no-new-func': 'error' },
  },
];
