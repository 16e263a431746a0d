"""Loaded by pytest before anything else: no test touches the home or the settings of whoever runs it."""

import atexit
import os
import shutil
import tempfile

for _name in [name for name in os.environ if name.startswith("SEAMARK_") and not name.startswith("SEAMARK_TEST_")]:
    del os.environ[_name]

_home = tempfile.mkdtemp(prefix="seamark-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["SEAMARK_HOME"] = _home
os.environ["SEAMARK_SECRET_KEY"] = "only for tests, on loopback"
if _url := os.environ.get("SEAMARK_TEST_DATABASE_URL"):
    os.environ["SEAMARK_DATABASE_URL"] = _url
