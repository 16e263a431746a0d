try: import yaml; y = yaml
except ImportError: pass
f = y.load; f("x")
