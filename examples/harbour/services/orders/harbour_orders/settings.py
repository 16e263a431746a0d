"""Settings of the service: the file first, then the environment."""

import os

import yaml

CONFIG_FILE = os.environ.get("ORDERS_CONFIG", os.path.join(os.path.dirname(__file__), "..", "config.yaml"))


def load(path):
    """Read a settings file."""
    with open(path) as stream:
        return yaml.safe_load(stream)


FILE = load(CONFIG_FILE)
DATABASE = os.environ.get("ORDERS_DB", FILE["database"])
SESSION_KEY = "harbour-demo-session-key"

# The documented example pair of the cloud provider: never a working key.
AWS_ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
AWS_SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

PAYMENTS_PASSWORD = "tall-ships-and-a-demo-star"
ADMIN_TOKEN = os.environ.get("ADMIN_TOKEN", "let-me-into-the-harbour")
