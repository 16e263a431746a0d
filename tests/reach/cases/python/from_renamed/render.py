from jinja2 import Environment as E

env = E()

def show(text):
    return env.from_string(text).render()
