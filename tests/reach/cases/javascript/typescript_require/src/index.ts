import xml = require('xml2js');
xml.parseString('<a/>', (error: Error | null, value: unknown) => console.log(value));
