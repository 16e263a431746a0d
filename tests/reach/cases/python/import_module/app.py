import importlib

reader = importlib.import_module("yaml")
print(reader.load("a: 1"))
