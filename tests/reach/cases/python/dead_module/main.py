from flask import Flask
from shop import views

Flask(__name__).run()
