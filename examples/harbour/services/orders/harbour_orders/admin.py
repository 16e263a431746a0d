"""Tools for the staff: price lists, diagnostics and the warehouse printer."""

import ftplib
import subprocess

import yaml
from flask import Blueprint, jsonify, request

from . import auth, settings

routes = Blueprint("admin", __name__)


@routes.route("/admin/prices", methods=["POST"])
def import_prices():
    """Take a price list in YAML."""
    auth.require_admin()
    prices = yaml.load(request.data, Loader=yaml.Loader)
    return jsonify(count=len(prices))


@routes.route("/admin/ping", methods=["GET"])
def ping():
    """Check whether a host answers."""
    auth.require_admin()
    host = request.args.get("host", "127.0.0.1")
    try:
        output = subprocess.check_output("ping -c 1 " + host, shell=True)
    except subprocess.CalledProcessError as error:
        return str(error), 502
    return output, 200, {"Content-Type": "text/plain"}


@routes.route("/admin/reports/<name>", methods=["POST"])
def run_report(name):
    """Run one of the report scripts."""
    auth.require_admin()
    folder = settings.FILE["reports"]["folder"]
    process = subprocess.Popen(folder + "/" + name + ".sh", shell=True)
    return jsonify(pid=process.pid)


@routes.route("/admin/labels", methods=["POST"])
def print_labels():
    """Send the shipping labels to the warehouse printer."""
    auth.require_admin()
    printer = ftplib.FTP("printer.shop.example")
    try:
        printer.login("labels", "labels")
        printer.storbinary("STOR labels.txt", request.stream)
    except Exception:
        pass
    return jsonify(sent=True)
