import yaml

print(yaml.anything("a"))
