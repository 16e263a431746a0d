from yaml import *

print(load("a: 1"))
