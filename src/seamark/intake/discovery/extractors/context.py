"""`seamark.yaml`: what the business says of an application, its services and its data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind, image_name
from seamark.intake.discovery.context import Control, Money, Service
from seamark.intake.discovery.contexts import Placed, StoreRefs, read_contexts
from seamark.intake.discovery.history.people import owner_ref
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

ORIGIN = "seamark.yaml"


@extractor("context", title="Business context (seamark.yaml)")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield applications, services and data stores with what each context says of them."""
    contexts = read_contexts(tree)
    stores = StoreRefs(tree, contexts)
    for placed in contexts.placed:
        yield from _Reading(tree, placed, stores).facts()


class _Reading:
    """One context, while it is turned into assets."""

    def __init__(self, tree: Tree, placed: Placed, stores: StoreRefs) -> None:
        self.tree, self.placed, self.spec = tree, placed, placed.context.spec
        self.application = AssetRef(AssetKind.APPLICATION, placed.context.metadata.name)
        self.services = {each.name: self._service_ref(each) for each in self.spec.services}
        self.stores = {each.name: stores.ref(placed, each) for each in self.spec.data_stores}

    def facts(self) -> Iterator[Found | Relation]:
        self._check()
        yield from self._application()
        for service in self.spec.services:
            yield from self._service(service)
        yield from self._data_stores()

    def _application(self) -> Iterator[Found | Relation]:
        spec, at = self.spec, self.placed.line("metadata")
        revenue = spec.revenue_per_hour
        money = revenue if isinstance(revenue, Money) or revenue is None else Money(revenue)
        told = {
            "description": spec.description, "business_unit": spec.business_unit, "criticality": spec.criticality, "sla_tier": spec.sla_tier,
            "revenue_per_hour": msgspec.to_builtins(money) if money else None, "data_classes": _upper(spec.data_classes),
            "environment": spec.environment, "exposure": spec.exposure, "exposure_why": "seamark.yaml says so" if spec.exposure else None,
            "compliance_scope": spec.compliance_scope, "contacts": spec.contacts, "repository": spec.repository,
            "payment_flows": [msgspec.to_builtins(flow) for flow in spec.payment_flows],
            "compensating_controls": [_plain(control) for control in spec.compensating_controls],
        }  # fmt: skip
        yield self._found(self.application, self.placed.context.metadata.title, at, told)
        if not self.placed.folder:
            yield self._relation(RelationKind.CONTAINS, self.application, self.tree.ref(AssetKind.REPOSITORY, ""), at)
        yield from self._owned(spec.owner, self.application, self.placed.line("spec", "owner"))
        yield from self._handles(self.application, spec.data_classes, self.placed.line("spec", "data_classes"))

    def _service(self, service: Service) -> Iterator[Found | Relation]:
        ref, at = self.services[service.name], self.placed.line("services", service.name)
        told = {
            "criticality": service.criticality, "environment": service.environment, "exposure": service.exposure,
            "exposure_why": "seamark.yaml says so" if service.exposure else None, "data_classes": _upper(service.data_classes),
            "payment_flows": [flow.name for flow in self.spec.payment_flows if service.name in flow.services],
            "compensating_controls": [
                each.name for each in self.spec.compensating_controls if service.name in each.covers.services
            ],
        }  # fmt: skip
        yield self._found(ref, service.title or service.name, at, told)
        yield self._relation(RelationKind.CONTAINS, self.application, ref, at)
        yield from self._owned(service.owner, ref, self.placed.line("services", service.name, "owner"))
        yield from self._handles(ref, service.data_classes, self.placed.line("services", service.name, "data_classes"))
        for name in _several(service.image):
            image = AssetRef(AssetKind.IMAGE, image_name(name))
            place = self.placed.line("services", service.name, "image")
            yield self._found(image, "", place, {})
            yield self._relation(RelationKind.BUILT_FROM, image, ref, place)
        for path in _several(service.api):
            if inside := joined(self.placed.folder, path):
                place = self.placed.line("services", service.name, "api")
                yield self._relation(RelationKind.SERVES, ref, self.tree.ref(AssetKind.API, inside), place)
        for name in service.data_stores or ():
            if store := self.stores.get(name):
                place = self.placed.line("services", service.name, "data_stores")
                yield self._relation(RelationKind.READS, ref, store, place)
                yield self._relation(RelationKind.WRITES, ref, store, place)

    def _data_stores(self) -> Iterator[Found | Relation]:
        for store in self.spec.data_stores:
            ref, at = self.stores[store.name], self.placed.line("data_stores", store.name)
            classes = list(store.data_classes or [])
            phi = store.name in self.spec.phi_stores
            if phi and "PHI" not in _upper(classes):
                classes.append("PHI")
            told = {
                "store_kind": store.kind, "data_classes": _upper(classes), "exposure": store.exposure, "environment": store.environment,
                "exposure_why": "seamark.yaml says so" if store.exposure else None, "phi": phi or None,
                "payment_flows": [flow.name for flow in self.spec.payment_flows if store.name in flow.data_stores],
            }  # fmt: skip
            yield self._found(ref, store.name, at, told)
            yield self._relation(RelationKind.CONTAINS, self.application, ref, at)
            yield from self._owned(store.owner, ref, at)
            yield from self._handles(ref, classes, at)

    def _check(self) -> None:
        """Tell of names that the file uses and does not declare."""
        spec = self.spec
        used = [("service", name, self.services) for flow in spec.payment_flows for name in flow.services]
        used += [("data store", name, self.stores) for flow in spec.payment_flows for name in flow.data_stores]
        used += [("data store", name, self.stores) for name in spec.phi_stores]
        used += [("data store", name, self.stores) for service in spec.services for name in service.data_stores or ()]
        used += [
            ("service", name, self.services) for each in spec.compensating_controls for name in each.covers.services
        ]
        for what, name, known in used:
            if name not in known:
                self.tree.trouble(self.placed.path, f"names a {what} {name!r} that it does not declare")
        for service in spec.services:
            folder = self.placed.folder_of(service)
            if folder and not any(each.startswith(f"{folder}/") for each in self.tree.files):
                self.tree.trouble(
                    self.placed.line("services", service.name),
                    f"has no folder {folder!r} for the service {service.name!r}",
                )

    def _service_ref(self, service: Service) -> AssetRef:
        folder = self.placed.folder_of(service)
        return self.tree.ref(AssetKind.SERVICE, folder if not self.tree.has(folder) else folder_of(folder))

    def _owned(self, owner: str | None, ref: AssetRef, at: str) -> Iterator[Relation]:
        if owner and owner.strip("@ "):
            yield self._relation(RelationKind.OWNS, owner_ref(owner.strip()), ref, at)

    def _handles(self, ref: AssetRef, classes: Iterable[str] | None, at: str) -> Iterator[Found | Relation]:
        for name in _upper(classes):
            data_class = AssetRef(AssetKind.DATA_CLASS, name)
            yield self._found(data_class, "", at, {})
            yield self._relation(RelationKind.HANDLES, ref, data_class, at)

    def _found(self, ref: AssetRef, name: str, at: str, told: dict[str, Any]) -> Found:
        facts = {key: value for key, value in told.items() if value not in (None, "", [], {})}
        return Found(ref=ref, name=name, origin=ORIGIN, at=at, facts=facts)

    def _relation(self, kind: RelationKind, source: AssetRef, target: AssetRef, at: str) -> Relation:
        return Relation(kind=kind, source=source, target=target, origin=ORIGIN, at=at)


def _upper(names: Iterable[str] | None) -> list[str]:
    return list(dict.fromkeys(name.strip().upper() for name in names or ()))


def _several(told: str | list[str] | None) -> list[str]:
    return [told] if isinstance(told, str) else told or []


def _plain(control: Control) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(control)
    return plain
