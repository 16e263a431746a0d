"""Start the orders service with Flask's own server."""

import os

from flask.logging import create_logger

from harbour_orders import create_app

app = create_app()
create_logger(app).setLevel("DEBUG")

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8000")), debug=True)
