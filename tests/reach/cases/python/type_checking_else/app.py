from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
else:
    from yaml import load

print(load("a: 1"))
