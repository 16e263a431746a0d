import * as tools from 'tools';
export const apply = (a: object) => tools.set(a, '__proto__.x', 1);
