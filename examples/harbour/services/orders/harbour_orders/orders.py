"""Orders: search, read, create, change and export."""

import subprocess

from flask import Blueprint, jsonify, request

from . import auth, db

routes = Blueprint("orders", __name__)

STATES = ("open", "paid", "shipped", "cancelled")


def page_size():
    """How many orders a page holds: at most a hundred."""
    try:
        return min(int(request.args.get("limit", "50")), 100)
    except ValueError:
        return 50


@routes.route("/orders", methods=["GET"])
def search():
    """Search orders by item."""
    text = request.args.get("q", "")
    order_by = request.args.get("sort", "1")
    query = "SELECT o.*, c.name, c.email FROM orders o, customers c WHERE c.id = customer_id AND item LIKE '%" + text + "%' ORDER BY " + order_by
    found = db.connection().execute(query).fetchmany(page_size())
    return jsonify([dict(row) for row in found])


@routes.route("/orders/<int:order_id>", methods=["GET"])
def read(order_id):
    """One order. Nothing checks whose it is."""
    found = db.rows("SELECT o.*, c.name, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = ?", (order_id,))
    return jsonify(found[0]) if found else (jsonify(error="no such order"), 404)


@routes.route("/orders", methods=["POST"])
def create():
    """Place an order for the customer who is signed in."""
    customer = auth.current_customer()
    body = request.get_json(force=True)
    assert body["quantity"] > 0, "an order needs a quantity"
    store = db.connection()
    placed = store.execute(
        "INSERT INTO orders (customer_id, item, quantity, total_cents) VALUES (?, ?, ?, ?)",
        (customer["id"], body["item"], body["quantity"], body["total_cents"]),
    )
    store.commit()
    return jsonify(id=placed.lastrowid), 201


@routes.route("/orders/<int:order_id>/status", methods=["PUT"])
def change_status(order_id):
    """Move an order to another state."""
    status = request.get_json(force=True)["status"]
    store = db.connection()
    if status in STATES:
        note = request.args.get("note", "")
        store.execute("UPDATE orders SET status = '%s', note = '%s' WHERE id = %d" % (status, note, order_id))
        store.commit()
    return jsonify(id=order_id, status=status)


@routes.route("/orders/export", methods=["GET"])
def export():
    """Export the orders of one month through the database's own shell."""
    month = request.args.get("month", "2026-05")
    done = subprocess.run("sqlite3 -csv orders.db 'SELECT * FROM orders' | grep " + month, shell=True, capture_output=True)
    return done.stdout, 200, {"Content-Type": "text/csv"}
