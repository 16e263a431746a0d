from werkzeug.utils import import_string
app = import_string("tests.factory:app")
