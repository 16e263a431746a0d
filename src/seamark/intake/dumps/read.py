"""Recognises dumps by their structure, and reads those of one source together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from seamark.core.errors import UnreadableReport
from seamark.intake.dumps.aws.read import is_aws, read_aws
from seamark.intake.dumps.azure import is_azure, read_azure
from seamark.intake.dumps.decode import documents
from seamark.intake.dumps.dump import GOES_ON, Dump, Given, Said
from seamark.intake.dumps.google import is_google, read_google
from seamark.intake.dumps.kube.cluster import is_kubernetes, read_cluster

_HINT: Final = (
    "answers of kubectl get, aws, gcloud and az as JSON are read, and YAML of kubectl; docs/runtime.md lists them"
)


def _of_cluster(given: Sequence[Given], said: Said) -> list[Dump]:
    return [read_cluster(given, said)]


_READERS: Final[tuple[tuple[Callable[[Any], bool], Callable[[Sequence[Given], Said], list[Dump]]], ...]] = (
    (is_google, read_google), (is_azure, read_azure), (is_kubernetes, _of_cluster), (is_aws, read_aws),
)  # fmt: skip
"""The first that knows a document reads it: Cloud Run writes Kubernetes objects."""


def read_dumps(files: Iterable[tuple[str, bytes]], said: Said | None = None) -> list[Dump]:
    """Return what files say, one dump for each source that they speak of: all answers of a source are read together.

    `files` are names, for people, with content. Raises `UnreadableReport` for a file that is no dump, or does not say whose it is.
    """
    said = said or Said()
    sorted_out: list[list[Given]] = [[] for _ in _READERS]
    for name, data in files:
        try:
            for given in _documents(name, data):
                sorted_out[_reader(given)].append(given)
        except UnreadableReport as error:
            raise UnreadableReport(f"{name}: {error.reason}", where=error.where, hint=error.hint) from None
    found = [dump for given, (_, read) in zip(sorted_out, _READERS, strict=True) if given for dump in read(given, said)]
    if said.complete:
        found = [replace(dump, partial=tuple(why for why in dump.partial if why == GOES_ON)) for dump in found]
    if said.partial:
        found = [replace(dump, partial=("the caller says so", *dump.partial)) for dump in found]
    return found


def _documents(name: str, data: bytes) -> list[Given]:
    """Return the documents of a file. Lists of Kubernetes objects are taken apart: `kubectl` writes no such thing, people do."""
    found: list[Given] = []
    for value in documents(data, name):
        apart = (
            isinstance(value, list)
            and value
            and not (is_google(value) or is_azure(value))
            and all(map(is_kubernetes, value))
        )
        found += [Given(name, each) for each in value] if apart else [Given(name, value)]
    return found


def _reader(given: Given) -> int:
    for number, (knows, _) in enumerate(_READERS):
        if knows(given.value):
            return number
    if given.value in ([], {}):
        raise UnreadableReport("An empty answer does not say what it is of", hint=_HINT)
    raise UnreadableReport("It is no dump that is known", hint=_HINT)
