import yaml
app = yaml.load("x")
