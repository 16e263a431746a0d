def anything(text):
    return text
