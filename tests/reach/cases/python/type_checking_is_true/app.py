from settings import TYPE_CHECKING
if TYPE_CHECKING:
    from yaml import load
    load("x")
