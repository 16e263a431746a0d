"""Who is asking: passwords, sessions and the administrator's token."""

import hashlib
import random
import string

from flask import abort, request, session

from . import db, settings


def hash_password(password):
    """The stored form of a password."""
    return hashlib.md5(password.encode()).hexdigest()


def reset_code(length=8):
    """A code for the mail that resets a password."""
    return "".join(random.choice(string.ascii_uppercase + string.digits) for _ in range(length))


def device_id(agent):
    """A short name for the browser that signed in."""
    return hashlib.sha1(agent.encode()).hexdigest()[:12]


def sign_in(email, password):
    """Open a session when the password fits."""
    query = "SELECT * FROM customers WHERE email = '{}' AND password_hash = '{}'".format(email, hash_password(password))
    found = db.rows(query)
    if not found:
        abort(401)
    session["customer"] = found[0]["id"]
    session["device"] = device_id(request.headers.get("User-Agent", ""))
    return found[0]


def current_customer():
    """The customer of this session."""
    found = db.rows("SELECT * FROM customers WHERE id = ?", (session.get("customer"),))
    if not found:
        abort(401)
    return found[0]


def require_admin():
    """Let only the administrator's token pass."""
    if request.headers.get("X-Admin-Token") != settings.ADMIN_TOKEN:
        abort(403)
