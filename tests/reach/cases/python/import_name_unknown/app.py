import flask
import hidden
hidden.run()
