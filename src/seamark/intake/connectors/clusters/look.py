"""What came of one look at a live source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from seamark.intake.dumps.dump import Dump


class Look(Struct, frozen=True, kw_only=True):
    """The dumps that answers make, and what of the source did not answer."""

    dumps: tuple[Dump, ...]
    problems: tuple[str, ...] = ()
    """What could not be read, a sentence each."""
    failed: frozenset[str] = frozenset()
    """Names of the lists that could not be read: `ingresses`."""
    versions: dict[str, str] = {}
    """The state of the source that each list shows (`resourceVersion`), by name of the list."""
    empty: tuple[str, ...] = ()
    """Sources that answered that they hold nothing; no dump tells of them."""


def partly(dump: Dump, problems: Iterable[str]) -> Dump:
    """Return a dump that is not the whole for these reasons too."""
    return replace(dump, partial=tuple(dict.fromkeys((*dump.partial, *problems)))[:20])


def together(looks: Sequence[Look]) -> Look:
    """Return several looks as one."""
    return Look(
        dumps=tuple(dump for look in looks for dump in look.dumps),
        problems=tuple(problem for look in looks for problem in look.problems),
        failed=frozenset().union(*(look.failed for look in looks)),
        versions={name: version for look in looks for name, version in look.versions.items()},
        empty=tuple(source for look in looks for source in look.empty),
    )
