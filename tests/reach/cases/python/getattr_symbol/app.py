import sys
import yaml

print(getattr(yaml, sys.argv[1])("a: 1"))
