"""Once this used PIL for pictures."""
# from PIL import Image
from flask import Flask

app = Flask(__name__)
print("please install PIL yourself")
