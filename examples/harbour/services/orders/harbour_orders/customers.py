"""Customers: sign in, profile, and the page that greets them."""

from flask import Blueprint, jsonify, make_response, render_template_string, request

from . import auth, db

routes = Blueprint("customers", __name__)


@routes.route("/session", methods=["POST"])
def sign_in():
    """Sign in with e-mail and password."""
    body = request.get_json(force=True)
    customer = auth.sign_in(body["email"], body["password"])
    response = make_response(jsonify(id=customer["id"], name=customer["name"]))
    response.set_cookie("remember", auth.reset_code(16))
    return response


@routes.route("/customers/<int:customer_id>", methods=["GET"])
def profile(customer_id):
    """A customer's own data, card token and password hash included."""
    found = db.rows("SELECT * FROM customers WHERE id = ?", (customer_id,))
    return jsonify(found[0]) if found else (jsonify(error="no such customer"), 404)


@routes.route("/customers/welcome", methods=["GET"])
def welcome():
    """The greeting that the storefront embeds."""
    name = request.args.get("name", "sailor")
    return render_template_string("<h1>Ahoy, " + name + "!</h1>")


@routes.route("/customers/reset", methods=["POST"])
def reset():
    """Start a password reset."""
    email = request.get_json(force=True)["email"]
    code = auth.reset_code()
    print("password reset for", email, "code", code)
    return jsonify(sent=True)
