"""People, a world with findings, and callers, as other tests have them."""

from tests.api.conftest import caller, world
from tests.cli.conftest import seamark
from tests.web.conftest import logged_in

__all__ = ["caller", "logged_in", "seamark", "world"]
