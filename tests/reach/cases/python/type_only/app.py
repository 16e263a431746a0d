from __future__ import annotations
import typing

if typing.TYPE_CHECKING:
    from yaml import Loader

def use(loader: Loader) -> None:
    print(loader)
