"""Risk profiles: versions that never change, and where each holds.

A profile is a draft until somebody with the right applies it: to everything, or to a business unit and those below it that have none of
their own. An application's profile is that of the nearest unit up the tree, else the one for all. `ProfileUse` rows are the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from seamark.analysis.risk import Profile, default_profile, load_profile
from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.pipeline import profile_yaml
from seamark.store.access import Visible, visible_to
from seamark.store.models import Application, BusinessUnit, ProfileUse, RiskProfile, User
from seamark.store.models.profiles import Rescoring
from seamark.store.permissions import Permission, needed

APPLIES: Final = Permission.PROFILE_APPLY
"""The right to make profiles and let them hold, on everything or in a unit."""
COMMENT_LIMIT: Final = 2000
SHIPPED: Final = "comes with the product"


class InForce:
    """Which profile holds where, read once: one statement, two where a unit has a profile of its own, or with `whole`."""

    def __init__(self, *, whole: bool = False) -> None:
        self.uses: dict[int | None, ProfileUse] = {
            use.unit_id: use for use in ProfileUse.objects.filter(current=True).select_related("profile")
        }
        if None not in self.uses:
            self.uses[None] = _first_use()
        needed = whole or self.uses.keys() != {None}
        self._parents: dict[int, int | None] = (
            dict(BusinessUnit.objects.values_list("id", "parent_id")) if needed else {}
        )

    def of(self, unit: int | None) -> RiskProfile:
        """Return the profile of the applications of a unit."""
        return self.use(unit).profile  # type: ignore[return-value] # a use that holds has one

    def use(self, unit: int | None) -> ProfileUse:
        """Return why that profile holds there."""
        return next(use for use in self._upwards(unit) if use.profile_id is not None)

    def passed(self, unit: int | None) -> Iterator[ProfileUse]:
        """Yield the uses on the way up from a unit to the one that holds, that one included."""
        for use in self._upwards(unit):
            yield use
            if use.profile_id is not None:
                return

    def leads_to(self, unit: int | None, wanted: int | None) -> bool:
        """Tell whether a profile of the unit `wanted` would hold in `unit`."""
        for place in self.places(unit):
            if place == wanted:
                return True
            if (use := self.uses.get(place)) is not None and use.profile_id is not None:
                return False
        return False

    def _upwards(self, unit: int | None) -> Iterator[ProfileUse]:
        return (self.uses[place] for place in self.places(unit) if place in self.uses)

    def places(self, unit: int | None) -> Iterator[int | None]:
        """Yield a unit, those above it, and None for everything."""
        seen: set[int] = set()
        while unit is not None and unit not in seen:
            seen.add(unit)
            yield unit
            unit = self._parents.get(unit)
        yield None


def active_profile(application: Application | None = None) -> RiskProfile:
    """Return the profile that an application is scored with; the one for everything where none is named."""
    return InForce().of(application.unit_id if application is not None else None)


def _first_use() -> ProfileUse:
    """Let the product's own profile hold where none was applied yet."""
    use, _ = ProfileUse.objects.select_related("profile").get_or_create(
        unit=None, current=True,
        defaults={
            "profile": shipped(), "comment": SHIPPED, "at": timezone.now(), "state": Rescoring.DONE, "progress": 100,
        },
    )  # fmt: skip
    return use


def shipped() -> RiskProfile:
    """Return the product's own profile, kept like any other; a draft until it is applied."""
    profile = default_profile()
    row, _ = RiskProfile.objects.get_or_create(
        name=profile.name,
        version=profile.version,
        defaults={"content": msgspec.to_builtins(profile), "comment": SHIPPED},
    )
    return row


def weights_of(row: RiskProfile) -> Profile:
    """Return the weights of a kept profile."""
    return load_profile(row.content)


def text_of(row: RiskProfile) -> str:
    """Return a profile as YAML: as it was written, comments included, or written out. Importing it again gives the same."""
    return row.text or profile_yaml.dump(weights_of(row))


def concerned(use: ProfileUse) -> list[int]:
    """Return the applications whose profile a use decides, or decided before it was taken back."""
    held = InForce()
    units = Application.objects.values_list("id", "unit_id")
    return [number for number, unit in units if any(one.pk == use.pk for one in held.passed(unit))]


def would_hold(unit: BusinessUnit | None) -> list[int]:
    """Return the applications that a profile applied to a unit would hold for; to everything where None."""
    held = InForce()
    place = unit.pk if unit is not None else None
    units = Application.objects.values_list("id", "unit_id")
    return [number for number, other in units if held.leads_to(other, place)]


def holding(unit: BusinessUnit | None) -> RiskProfile:
    """Return the profile that holds in a unit."""
    return InForce().of(unit.pk if unit is not None else None)


def may_apply(actor: User | None, unit: BusinessUnit | None) -> bool:
    """Tell whether a person may apply profiles to a unit, to everything where None. Whoever holds the database may."""
    if actor is None:
        return True
    seen = visible_to(actor)
    return seen.may_in(APPLIES, unit) if unit is not None else seen.may(APPLIES)


def may_draft(actor: User | None) -> bool:
    """Tell whether a person may make profiles: whoever may apply one anywhere but to a single application."""
    if actor is None or may_apply(actor, None):
        return True
    return any(may_apply(actor, unit) for unit in BusinessUnit.objects.all())


def unit_named(name: str) -> BusinessUnit:
    """Return a business unit by its name, in any case. Raises `NotFound`."""
    found = BusinessUnit.objects.filter(name__iexact=name.strip()).first()
    if found is None:
        names = ", ".join(BusinessUnit.objects.order_by("name").values_list("name", flat=True)[:20])
        raise NotFound(f"There is no business unit {name!r}", hint=f"there are {names}" if names else "there are none")
    return found


def known(name: str, version: int | None = None) -> RiskProfile:
    """Return a kept profile, the newest version where none is named. Raises `NotFound`."""
    rows = RiskProfile.objects.filter(name=name)
    found = (rows if version is None else rows.filter(version=version)).order_by("-version").first()
    if found is None:
        wanted = name if version is None else f"{name} v{version}"
        raise NotFound(f"There is no risk profile {wanted!r}", hint="`seamark risk profiles` lists them")
    return found


def next_version(name: str) -> int:
    """Return the version that a new profile of a name gets."""
    newest = RiskProfile.objects.filter(name=name).aggregate(newest=Max("version"))["newest"] or 0
    own = default_profile()
    return max(newest, own.version if own.name == name else 0) + 1


@transaction.atomic
def draft(actor: User | None, profile: Profile, *, text: str = "", comment: str = "") -> RiskProfile:
    """Keep a profile as a version, and return it; the same one where that version has the very same weights.

    Raises `NotAllowed` without the right, and `InvalidSetting` where the version is taken by other weights.
    """
    if not may_draft(actor):
        raise NotAllowed(needed(APPLIES, "everything or on a business unit"))
    _check_comment(comment)
    content = msgspec.to_builtins(profile)
    row, _ = RiskProfile.objects.get_or_create(
        name=profile.name,
        version=profile.version,
        defaults={"content": content, "text": text, "comment": comment.strip(), "author": actor},
    )
    if weights_of(row) != profile:
        raise InvalidSetting(
            f"{row} is kept already, with other weights, and a version never changes; "
            f"make it version {next_version(profile.name)}"
        )
    return row


@transaction.atomic
def apply(actor: User | None, row: RiskProfile, unit: BusinessUnit | None = None, comment: str = "") -> ProfileUse:
    """Let a profile hold in a unit, or for everything, from now on; its `ProfileUse` waits to be worked off by `rescoring`.

    Raises `NotAllowed` without the right, or where it holds there already.
    """
    _check_right(actor, unit)
    _check_comment(comment)
    held = InForce()
    place = unit.pk if unit is not None else None
    if (use := held.uses.get(place)) is not None and use.profile_id == row.pk:
        raise NotAllowed(f"{row} holds {_where(unit)} already")
    return _use(actor, row, held.of(place), unit, comment)


@transaction.atomic
def withdraw(actor: User | None, unit: BusinessUnit, comment: str = "") -> ProfileUse:
    """Let a unit follow what holds above it again. Raises `NotAllowed` without the right, or where it has no profile of its own."""
    _check_right(actor, unit)
    _check_comment(comment)
    held = InForce()
    use = held.uses.get(unit.pk)
    if use is None or use.profile is None:
        raise NotAllowed(f"{unit} has no risk profile of its own")
    return _use(actor, None, use.profile, unit, comment)


def _use(
    actor: User | None, row: RiskProfile | None, before: RiskProfile, unit: BusinessUnit | None, comment: str
) -> ProfileUse:
    ProfileUse.objects.filter(unit=unit, current=True).update(current=False)
    use = ProfileUse.objects.create(
        unit=unit, profile=row, before=before, actor=actor, comment=comment.strip(), at=timezone.now()
    )
    record(
        "profile", f"unit {unit}" if unit else "everything",
        {"profile": row.pk if row else None, "weights": text_of(row) if row else "", "comment": use.comment},
        actor=actor, inputs={"before": before.pk},
        rows=[row_of(use, ("unit_id", "profile_id", "before_id", "actor_id", "comment", "at"))],
    )  # fmt: skip
    return use


def _check_right(actor: User | None, unit: BusinessUnit | None) -> None:
    if not may_apply(actor, unit):
        raise NotAllowed(needed(APPLIES, unit or "everything"))


def _check_comment(comment: str) -> None:
    if len(comment) > COMMENT_LIMIT or "\0" in comment:
        raise NotAllowed(f"A comment may have {COMMENT_LIMIT:,} characters at most")


def _where(unit: BusinessUnit | None) -> str:
    return f"in {unit}" if unit is not None else "for everything"


def units_of(seen: Visible) -> set[int] | None:
    """Return the business units of the applications that a person sees, and those above them; None stands for all."""
    if seen.everything:
        return None
    held = InForce(whole=True)
    units = seen.applications().values_list("unit_id", flat=True).distinct()
    return {place for unit in units for place in held.places(unit) if place is not None}


def units_seen(seen: Visible) -> QuerySet[BusinessUnit]:
    """Return the same as rows, by name."""
    numbers = units_of(seen)
    rows = BusinessUnit.objects.order_by("name")
    return rows if numbers is None else rows.filter(pk__in=numbers)


def has_own(unit: BusinessUnit) -> bool:
    """Tell whether a unit has a profile of its own."""
    return ProfileUse.objects.filter(unit=unit, current=True, profile__isnull=False).exists()


def history(seen: Visible) -> QuerySet[ProfileUse]:
    """Return who applied what, where and when, the newest first, as far as it concerns what a person sees."""
    rows = ProfileUse.objects.select_related("profile", "before", "unit", "actor").order_by("-id")
    units = units_of(seen)
    return rows if units is None else rows.filter(Q(unit=None) | Q(unit__in=units))


def versions(seen: Visible, *, drafts: bool) -> QuerySet[RiskProfile]:
    """Return the kept profiles, by name, the newest version first: those ever applied where a person sees something, and all with `drafts`."""
    rows = RiskProfile.objects.select_related("author").order_by("name", "-version")
    return rows if drafts or seen.everything else rows.filter(pk__in=history(seen).order_by().values("profile"))


def standing(rows: Iterable[RiskProfile], seen: Visible) -> dict[int, str]:
    """Return for each profile where it holds, or `draft`, or that it was applied before."""
    places: dict[int, list[str]] = {row.pk: [] for row in rows}
    used = set()
    for use in history(seen).filter(profile__in=list(places)).order_by("unit__name"):
        used.add(use.profile_id)
        if use.current:
            places[use.profile_id or 0].append(f"{use.unit}" if use.unit is not None else "everything")
    return {
        number: "holds for " + ", ".join(names) if names else "applied before" if number in used else "draft"
        for number, names in places.items()
    }


def as_json(row: RiskProfile, where: str) -> dict[str, Any]:
    """Return a profile as plain values; `where` is what `standing` says of it."""
    return {
        "id": row.pk,
        "name": row.name,
        "version": row.version,
        "standing": where,
        "comment": row.comment,
        "author": row.author.get_username() if row.author else None,
        "created_at": row.created_at.isoformat(),
        "content": row.content,
        "yaml": text_of(row),
    }


def use_as_json(use: ProfileUse) -> dict[str, Any]:
    """Return who applied what, where and when, and how far the scores have followed, as plain values."""
    return {
        "id": use.pk,
        "unit": use.unit.name if use.unit else None,
        "profile": str(use.profile) if use.profile else None,
        "before": str(use.before) if use.before else None,
        "current": use.current,
        "actor": use.actor.get_username() if use.actor else None,
        "comment": use.comment,
        "at": use.at.isoformat(),
        "state": use.state,
        "progress": use.progress,
        "issues": use.issues,
        "moved": use.moved,
        "error": use.error,
        "finished_at": use.finished_at.isoformat() if use.finished_at else None,
    }
