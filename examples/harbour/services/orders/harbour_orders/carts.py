"""Carts live in a cookie until they become an order."""

import base64
import pickle

from flask import Blueprint, jsonify, make_response, request

routes = Blueprint("carts", __name__)


def load_cart():
    """The cart of this browser, or an empty one."""
    stored = request.cookies.get("cart")
    if not stored:
        return {}
    return pickle.loads(base64.b64decode(stored))


@routes.route("/cart", methods=["GET"])
def show():
    """What is in the cart."""
    return jsonify(load_cart())


@routes.route("/cart/<item>", methods=["PUT"])
def put(item):
    """Put an item into the cart."""
    cart = load_cart()
    cart[item] = cart.get(item, 0) + 1
    response = make_response(jsonify(cart))
    response.set_cookie("cart", base64.b64encode(pickle.dumps(cart)).decode())
    return response


@routes.route("/cart/discount", methods=["POST"])
def discount():
    """Work out a discount rule such as `total * 0.9`."""
    rule = request.get_json(force=True)["rule"]
    total = sum(load_cart().values())
    return jsonify(total=eval(rule, {"total": total}))
