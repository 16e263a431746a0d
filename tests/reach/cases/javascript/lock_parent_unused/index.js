console.log(require('uuid').v4());
