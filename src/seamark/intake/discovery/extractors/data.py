"""Classes of data that services and endpoints handle, by the names and types of fields."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.code.fields import fields
from seamark.intake.discovery.code.services import code_routes, services
from seamark.intake.discovery.data.classes import (
    OWN_FILE,
    Classifier,
    Dictionary,
    Field,
    Told,
    extended,
    read_dictionary,
    standard,
)
from seamark.intake.discovery.extractors.apis import descriptions, endpoints_of
from seamark.intake.discovery.extractors.endpoints import endpoint_of
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

NAME: Final = "data"
_BY_HANDLER: Final = 0.8
"""How sure a name that a handler uses makes it, against a declared field."""
_MOST_TOLD: Final = 100
"""Fields told of one service."""


@extractor(NAME, title="Data classes: personal, health, card data and credentials, by names of fields")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield which classes of data services and endpoints handle, and where that is seen."""
    classifier = Classifier(_dictionary(tree))
    seen: set[str] = set()
    by_service: defaultdict[AssetRef, list[Told]] = defaultdict(list)
    for told in classifier.tell(tree.once(fields)):
        service = tree.once(services).of(told.field.path)
        if service is not None:
            by_service[service.ref].append(told)
    for ref, several in sorted(by_service.items(), key=lambda pair: pair[0].key):
        yield Found(ref=ref, origin=NAME, at=_at(several[0].field), confidence=0.5, facts=_facts(several))
        yield from _handles(ref, several, seen, 1.0)
    for description in descriptions(tree):
        for operation in description.operations:
            given = [
                Field(
                    each.name,
                    each.type,
                    each.holder or operation.name,
                    description.path,
                    operation.line,
                    False,
                    each.classes,
                )
                for each in operation.fields
            ]
            told_of = list(classifier.tell(given))
            for endpoint in endpoints_of(tree, description, operation) if told_of else ():
                yield from _handles(endpoint, told_of, seen, 0.95)
    for endpoint, told_of in _routes(tree, classifier):
        yield from _handles(endpoint, told_of, seen, _BY_HANDLER)
    for name in sorted(seen):
        words = standard().classes.get(name)
        yield Found(ref=AssetRef(AssetKind.DATA_CLASS, name), name=words.title if words else name, origin=NAME)


_TAKEN: Final = re.compile(r"\[\s*['\"](\w{2,60})['\"]\s*\]|\.get\(\s*['\"](\w{2,60})['\"]")
_UNPACKED: Final = re.compile(
    r"\{([\w\s,:=]{1,500})\}\s*=\s*(?:await\s+)?(?:req|request|ctx(?:\.request)?)\.(?:body|query|params)\b"
)
_MOST_LINES: Final = 200


def _routes(tree: Tree, classifier: Classifier) -> Iterator[tuple[AssetRef, list[Told]]]:
    """Yield what handlers take from requests, and from what they read, by the names that they use for it."""
    for route in tree.once(code_routes):
        service = tree.once(services).of(route.file)
        text = tree.text(route.file) if service is not None and route.line else None
        if service is None or text is None:
            continue
        code = "\n".join(text.split("\n")[route.line - 1 : min(route.end_line, route.line + _MOST_LINES)])
        names = [*route.parameters, *(one or other for one, other in _TAKEN.findall(code))]
        names += [
            name.partition(":")[0].partition("=")[0].strip()
            for match in _UNPACKED.finditer(code)
            for name in match[1].split(",")
        ]
        holder = f"{route.method} {route.path}"
        if told := list(
            classifier.tell(Field(name, "", holder, route.file, route.line) for name in dict.fromkeys(names) if name)
        ):
            yield endpoint_of(service, route), told


def _dictionary(tree: Tree) -> Dictionary:
    text = tree.text(OWN_FILE) if tree.has(OWN_FILE) else None
    if text is None:
        return standard()
    try:
        return extended(read_dictionary(text))
    except SeamarkError as error:
        tree.trouble(OWN_FILE, str(error))
        return standard()


def _at(field: Field) -> str:
    return f"{field.path}:{field.line}"


def _handles(source: AssetRef, several: list[Told], seen: set[str], factor: float) -> Iterator[Relation]:
    """Yield one edge a class: from the surest field, and among equals the first."""
    best: dict[str, Told] = {}
    for told in several:
        known = best.get(told.data_class)
        if known is None or told.confidence > known.confidence:
            best[told.data_class] = told
    for name, told in sorted(best.items()):
        seen.add(name)
        confidence = told.confidence if told.confidence == 1 else round(told.confidence * factor, 2)
        yield Relation(
            kind=RelationKind.HANDLES, source=source, target=AssetRef(AssetKind.DATA_CLASS, name), origin=NAME, at=_at(told.field), confidence=confidence
        )  # fmt: skip


def _facts(several: list[Told]) -> dict[str, Any]:
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for told in sorted(several, key=lambda each: (-each.confidence, each.field.path, each.field.line)):
        key = (told.data_class, told.field.holder, told.field.name)
        row = {
            "class": told.data_class,
            "field": f"{told.field.holder}.{told.field.name}",
            "at": _at(told.field),
            "confidence": told.confidence,
        }
        rows.setdefault(key, row | ({"stored": True} if told.field.stored else {}))
    return {
        "data_classes": sorted({told.data_class for told in several}),
        "data_fields": list(rows.values())[:_MOST_TOLD],
    }
