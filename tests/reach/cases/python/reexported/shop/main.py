from shop.compat import load as parse

def run(text):
    return parse(text)
