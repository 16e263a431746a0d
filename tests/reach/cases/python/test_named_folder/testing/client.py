import requests

def fetch():
    return requests.get("http://shop.example")
