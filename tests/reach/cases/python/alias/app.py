import yaml as configuration

def read(stream):
    return configuration.load(stream)
