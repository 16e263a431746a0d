import parse from 'minimist';
export default () => parse([]);
