import yaml
yaml.load("x")
