"""Where payments and health data go: what handles them, how the internet gets there, where they leave, which grave issues lead to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

from django.db.models import Q
from msgspec import Struct

from seamark.analysis.graph.answers import Node, Way
from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.nodes import described, way
from seamark.analysis.graph.places import starts_of
from seamark.analysis.graph.walk import Reach, reach
from seamark.core.assets import AssetKind, RelationKind
from seamark.core.errors import NotFound
from seamark.pipeline.compliance.scope import Scope, applications
from seamark.store.access import READS, Visible
from seamark.store.graph import INTERNET
from seamark.store.models import Asset, Relation

MOST: Final = 200
"""Assets that are shown."""
MOST_ISSUES: Final = 1_000
"""The riskiest severe issues, which are looked at."""
SHOWN_ISSUES: Final = 50
_DEEP: Final = 24
_WALK: Final = 200_000


class Kind(NamedTuple):
    """What is followed."""

    title: str
    data_class: str
    attribute: str
    """Of assets, which names flows; empty where none does."""


KINDS: Final = {
    "payments": Kind("Payment flows", "PCI", "payment_flows"),
    "health": Kind("Protected health information", "PHI", ""),
}


class Handler(Struct, frozen=True, kw_only=True):
    """An asset that handles the data."""

    asset: Node
    flows: list[str]
    """Names of the payment flows that it takes part in."""
    because: str
    """Who says that it handles them, and where."""
    confidence: float
    way_in: Way
    """A shortest way from the internet; empty where none is known."""
    leaves_to: list[Node]
    """Domains that it calls: where data may leave."""


class Leading(Struct, frozen=True, kw_only=True):
    """A severe open issue whose flaw the data would feel."""

    issue: str
    title: str
    risk: float
    application: str
    exposed: bool
    """Whether the internet reaches it."""
    way: Way
    """From where the flaw is to the data."""


class FlowView(Struct, frozen=True, kw_only=True):
    """All that is known of one kind of data."""

    name: str
    title: str
    data_class: str
    total: int
    exposed: int
    """Of those that are shown, how many the internet reaches."""
    handlers: list[Handler]
    issues: list[Leading]
    more_issues: bool
    """There are more than are listed."""


def flow_view(visible: Visible, name: str, scope: Scope) -> FlowView:
    """Return who handles `payments` or `health` data in a scope, as far as a person may see. Raises `NotFound`."""
    if name not in KINDS:
        raise NotFound(f"There is no view {name!r}", hint=f"there are {', '.join(KINDS)}")
    if not visible.may_anywhere(READS):
        raise NotFound("There is nothing here that you may read")
    kind = KINDS[name]
    # The walk sees what the person may see of the graph; the lists are of the scope.
    graph = Asked(visible).graph
    told, numbers, total = _handlers(visible, kind, scope)
    outside = visible.assets().filter(gone_at=None, exposure=INTERNET).values_list("pk", flat=True)
    inwards = reach(graph, outside, Lens.ACCESS, most=_WALK, deepest=_DEEP)
    reached = frozenset(inwards.nodes.tolist())
    leaving = _leaving(visible, numbers)
    rows = Asset.objects.filter(pk__in=numbers).values_list("pk", "attributes")
    flows = {number: _names(attributes, kind.attribute) for number, attributes in rows}
    handlers = [
        Handler(
            asset=node, flows=flows.get(node.id, []), because=told[node.id][1], confidence=told[node.id][0],
            way_in=way(inwards.path(node.id), Lens.ACCESS) if node.id in reached else Way(), leaves_to=leaving.get(node.id, []),
        )
        for node in described(numbers)
    ]  # fmt: skip
    # Of an application that handles data every issue would lead there: only its parts tell which ones do.
    parts = [node.asset.id for node in handlers if node.asset.kind != AssetKind.APPLICATION.value]
    outwards = reach(graph, parts or numbers, Lens.ORIGIN, most=_WALK, deepest=_DEEP)
    issues = _issues(visible, scope, outwards, reached)
    return FlowView(
        name=name, title=kind.title, data_class=kind.data_class, total=total,
        exposed=sum(bool(one.way_in.nodes) for one in handlers), handlers=handlers, issues=issues[:SHOWN_ISSUES],
        more_issues=len(issues) > SHOWN_ISSUES,
    )  # fmt: skip


def _handlers(visible: Visible, kind: Kind, scope: Scope) -> tuple[dict[int, tuple[float, str]], list[int], int]:
    """Return who says of which asset that it handles the data, the assets that are shown, and how many there are."""
    mine = visible.assets().filter(gone_at=None, application__in=applications(visible, scope).values("id"))
    rows = Relation.objects.filter(
        kind=RelationKind.HANDLES.value, until=None, target__kind=AssetKind.DATA_CLASS.value, target__key=kind.data_class, source__in=mine.values("id")
    )  # fmt: skip
    told: dict[int, tuple[float, str]] = {}
    for number, origin, at, confidence in rows.order_by("confidence", "-id").values_list("source", "origin", "at", "confidence"):  # fmt: skip
        told[number] = (confidence, f"{origin}, {at}" if at else origin)
    stated = Q(attributes__data_classes__icontains=kind.data_class)
    named = mine.filter(stated | Q(attributes__has_key=kind.attribute)) if kind.attribute else mine.filter(stated)
    for number, attributes in named.values_list("pk", "attributes"):
        if number not in told and _stated(attributes, kind):
            told[number] = (1.0, "its own description")
    order = mine.filter(pk__in=list(told)).order_by("application__name", "kind", "key").values_list("pk", flat=True)
    numbers = list(order)
    return told, numbers[:MOST], len(numbers)


def _stated(attributes: dict[str, Any], kind: Kind) -> bool:
    classes = attributes.get("data_classes")
    stated = isinstance(classes, list) and kind.data_class in {str(one).upper() for one in classes}
    return stated or bool(_names(attributes, kind.attribute))


def _names(attributes: dict[str, Any], attribute: str) -> list[str]:
    flows = attributes.get(attribute) if attribute else None
    if not isinstance(flows, list):
        return []
    return sorted(str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in flows)


def _leaving(visible: Visible, numbers: Collection[int]) -> dict[int, list[Node]]:
    """Return the domains that assets call."""
    rows = Relation.objects.filter(
        kind=RelationKind.CALLS.value, until=None, source__in=numbers, target__kind=AssetKind.DOMAIN.value
    )
    if not visible.everything:
        rows = rows.filter(Q(target__application=None) | Q(target__in=visible.assets().values("id")))
    pairs = list(rows.order_by("target__key").values_list("source", "target").distinct())
    nodes = {node.id: node for node in described(sorted({target for _, target in pairs}))}
    found: dict[int, list[Node]] = defaultdict(list)
    for source, target in pairs:
        if target in nodes:
            found[source].append(nodes[target])
    return found


def _issues(visible: Visible, scope: Scope, outwards: Reach, reached: Collection[int]) -> list[Leading]:
    severe = visible.issues().filter(open=True, priority__lte=1, application__in=applications(visible, scope).values("id"))  # fmt: skip
    issues = list(severe.select_related("application").order_by("-risk", "-id")[:MOST_ISSUES])
    starts = starts_of(issues)
    leading = frozenset(outwards.nodes.tolist())
    found: list[Leading] = []
    for issue in issues:
        node = _first(starts[issue.pk], leading)
        if node is None:
            continue
        found.append(
            Leading(
                issue=issue.reference, title=issue.title, risk=issue.risk / 10, application=issue.application.name,
                exposed=_first(starts[issue.pk], reached) is not None, way=way(outwards.path(node)[::-1], Lens.IMPACT),
            )
        )  # fmt: skip
        if len(found) > SHOWN_ISSUES:
            break
    return found


def _first(numbers: Iterable[int], among: Collection[int]) -> int | None:
    return next((one for one in numbers if one in among), None)
