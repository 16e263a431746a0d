import yaml
print(yaml.load("a"))
