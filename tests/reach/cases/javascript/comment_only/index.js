// const moment = require('moment');
import dayjs from 'dayjs';
console.log(dayjs().format());
