"""The orders service of Harbour: customers, orders, payments and invoices."""

from flask import Flask

from . import admin, billing, carts, customers, db, orders, payments, settings


def create_app(database=None):
    """Build the application; tests hand in a database of their own."""
    app = Flask(__name__)
    app.config["DATABASE"] = database or settings.DATABASE
    app.config["SESSION_COOKIE_SECURE"] = False
    app.config["SESSION_COOKIE_HTTPONLY"] = False
    app.secret_key = settings.SESSION_KEY
    for module in (orders, customers, payments, billing, carts, admin):
        app.register_blueprint(module.routes)
    app.teardown_appcontext(db.close)
    app.add_url_rule("/healthz", "healthz", lambda: "ok")
    return app
