"""Who owns a file, a folder or an asset: all that speaks for somebody, ranked, each with its reason; or why nobody is found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from seamark.core.assets import AssetKind, AssetRef, Relation, RelationKind
from seamark.intake.discovery.agents.written import blame
from seamark.intake.discovery.catalog import Catalog, Entity, read_catalog
from seamark.intake.discovery.contexts import Contexts, StoreRefs, read_contexts
from seamark.intake.discovery.history.log import History, read_history
from seamark.intake.discovery.history.people import owner_ref, person_ref, team_ref
from seamark.intake.discovery.owners.answers import Owner, Owners, by_codeowners, joined_answers
from seamark.intake.discovery.owners.authorship import Authorship
from seamark.intake.discovery.owners.codeowners import CodeOwners, find_codeowners
from seamark.intake.discovery.owners.maintainers import Named, admins_of, maintainers_of
from seamark.intake.discovery.owners.maintainers_list import MaintainersList
from seamark.intake.discovery.owners.oncall import Schedule
from seamark.intake.discovery.owners.owners_files import OwnersFiles
from seamark.intake.discovery.owners.teams import Teams
from seamark.intake.discovery.tree import Tree, folder_of

MOST_PEOPLE: Final = 5
"""Authors that are named for one place."""
LEAST_SHARE: Final = 0.05
MOST_ANSWERS: Final = 100_000
"""Answers that are kept: many assets stand in one file."""
MOST_LEARNT: Final = 3_000
"""Files, evenly over the tree, from which it is learnt who works for which team."""
LEAST_TEAM: Final = 0.3
"""The share from which a team is proposed."""
MOST_FILES: Final = 2_000
"""Files of a folder that are asked for its owner."""


class Resolver:
    """Answers for one tree. What stands in files is read at once where it is first needed, and so is the history.

    `overrides` are people's own words: paths or asset keys with an owner as CODEOWNERS writes one; the nearest path counts.
    `schedules` are read by `oncall.read_schedules`, `admins` are those of the repository, as its host names them.
    """

    def __init__(
        self, tree: Tree, *, overrides: Mapping[str, str] | None = None, schedules: Sequence[Schedule] = (), admins: Sequence[str] = (),
        now: datetime | None = None, history: History | None = None,
    ) -> None:  # fmt: skip
        self._tree, self._overrides, self._schedules, self._admins = tree, dict(overrides or {}), schedules, admins
        self._now, self._given = now or datetime.now(UTC), history
        self._answers: dict[str, Owners] = {}
        self._named: dict[str, list[Named]] = {}

    @cached_property
    def contexts(self) -> Contexts:
        """The `seamark.yaml` files."""
        return read_contexts(self._tree)

    @cached_property
    def catalog(self) -> Catalog:
        """The entities of `catalog-info.yaml`."""
        return read_catalog(self._tree)

    @cached_property
    def codeowners(self) -> CodeOwners | None:
        """The CODEOWNERS file that counts."""
        return find_codeowners(self._tree)

    @cached_property
    def authorship(self) -> Authorship | None:
        """Who changed what, None without a history."""
        history = self._given or read_history(self._tree.root)
        return Authorship(history) if history is not None else None

    @cached_property
    def _owners_files(self) -> OwnersFiles:
        return OwnersFiles(self._tree)

    @cached_property
    def _maintainers(self) -> MaintainersList:
        return MaintainersList(self._tree)

    @cached_property
    def _stores(self) -> StoreRefs:
        return StoreRefs(self._tree, self.contexts)

    def of_path(self, path: str, line: int = 0) -> Owners:
        """Return the owners of a file or folder, relative to the root; of one line its author is named too.

        A file that is gone, or not made yet, is answered for by the folder that it stands in.
        """
        path = path.strip("/").removeprefix("./")
        path = "" if path == "." else path
        if not line and path in self._answers:
            return self._answers[path]
        found = self._answered(path, line)
        if not line and len(self._answers) < MOST_ANSWERS:
            self._answers[path] = found
        return found

    def _answered(self, path: str, line: int) -> Owners:
        if not self._knows(path):
            return Owners((), f"There is no {path!r} in the tree")
        entity = self._component(path)
        found = [*self._overridden(path, ""), *self._declared(path)]
        if entity is not None:
            found += self._cataloged(entity, self.catalog.folder(entity)[1])
        elif system := self._system(path):
            found += self._cataloged(system, 0.75)
        return self._ranked(path, [*found, *self._by_files(path), *self._rest(path, line, self._names(path, entity))])

    def of(self, ref: AssetRef) -> Owners:
        """Return the owners of an asset of this tree: what is said of itself, then of the file or folder that declares it."""
        own = [*self._overridden("", ref.key), *self._said_of(ref)]
        path = self._path_of(ref)
        if path is None:
            return self._ranked(ref.key, own, f"{ref.kind} {ref.key} has no place in this tree")
        below = self.of_path(path)
        return self._ranked(path, [*own, *below.ranked], below.gap)

    def of_service(self, name: str) -> Owners:
        """Return the owners of a service by its name in `seamark.yaml` or the catalogue, or by its folder."""
        for placed in self.contexts.placed:
            for service in placed.context.spec.services:
                if service.name == name:
                    return self.of_path(placed.folder_of(service))
        for entity in self.catalog.entities:
            if entity.kind == "component" and entity.name == name:
                return self.of(self.catalog.ref(entity))
        folders = {folder_of(path) for path in self._tree.files}
        named = sorted((each for each in folders if each.rpartition("/")[2] == name), key=lambda each: each.count("/"))
        return (
            self.of_path(named[0])
            if named
            else Owners((), f"No service {name!r} is declared, and no folder has that name")
        )

    def relations(self, refs: Iterable[AssetRef]) -> Iterator[Relation]:
        """Yield who OWNS each of several assets: the first answer only."""
        for ref in refs:
            for owner in self.of(ref).ranked[:1]:
                yield Relation(
                    kind=RelationKind.OWNS,
                    source=owner.ref,
                    target=ref,
                    origin=owner.origin,
                    confidence=owner.confidence,
                    at=owner.at,
                )

    def _below(self, folder: str) -> Sequence[str]:
        """Return the files below a folder; the tree's files are in order."""
        files = self._tree.files
        if not folder:
            return files
        # The character after the slash is the zero.
        return files[bisect_left(files, f"{folder}/") : bisect_left(files, f"{folder}0")]

    def _knows(self, path: str) -> bool:
        return not path or self._tree.has(path) or bool(self._below(path) or self._below(folder_of(path) or path))

    def _path_of(self, ref: AssetRef) -> str | None:
        if ref.kind is AssetKind.REPOSITORY:
            return "" if ref.key == self._tree.repository else None
        repository, slashes, rest = ref.key.partition("//")
        path = rest.partition("#")[0].partition(" ")[0].rstrip("/")
        return ("" if path == "." else path) if slashes and repository == self._tree.repository else None

    def _names(self, path: str, entity: Entity | None) -> list[str]:
        """Return what a schedule for a place may be called: its service, its folders, its teams."""
        names = [entity.name, entity.owner.rpartition("/")[2]] if entity is not None else []
        placed = self.contexts.of(path)
        if placed is not None:
            names += [each.name for each in placed.context.spec.services if _within(path, placed.folder_of(each))]
        folder = path if not self._tree.has(path) else folder_of(path)
        while folder:
            names.append(folder.rpartition("/")[2])
            folder = folder_of(folder)
        return [*dict.fromkeys(name for name in names if name)]

    def _component(self, path: str) -> Entity | None:
        """Return the component whose folder is the nearest above a path."""
        best: tuple[int, Entity] | None = None
        for entity in self.catalog.entities:
            folder = self.catalog.folder(entity)[0] if entity.kind == "component" and entity.owner else None
            if folder is not None and _within(path, folder) and (best is None or len(folder) > best[0]):
                best = (len(folder), entity)
        return best[1] if best else None

    def _system(self, path: str) -> Entity | None:
        """Return the system that a path outside of all components belongs to: the only one whose catalogue file stands above it."""
        above = [
            each
            for each in self.catalog.entities
            if each.kind == "system" and each.owner and _within(path, folder_of(each.path))
        ]
        nearest = max((len(folder_of(each.path)) for each in above), default=0)
        found = [each for each in above if len(folder_of(each.path)) == nearest]
        return found[0] if len(found) == 1 else None

    def _overridden(self, path: str, key: str) -> Iterator[Owner]:
        if key and (owner := self._overrides.get(key)):
            yield Owner(
                ref=owner_ref(owner), confidence=1.0, reason="Somebody set this owner by hand.", origin="people"
            )
            return
        above = [each for each in self._overrides if not key and "//" not in each and _within(path, each.strip("/"))]
        if above:
            nearest = max(above, key=lambda each: len(each.strip("/")))
            where = nearest.strip("/") or "the repository"
            yield Owner(
                ref=owner_ref(self._overrides[nearest]),
                confidence=1.0,
                reason=f"Somebody set this owner by hand for {where}.",
                origin="people",
            )

    def _declared(self, path: str) -> Iterator[Owner]:
        placed = self.contexts.of(path)
        if placed is None:
            return
        fitting = []
        for service in placed.context.spec.services:
            folder = placed.folder_of(service)
            if service.owner and _within(path, folder):
                fitting.append((len(folder), service.name, service.owner))
        if fitting:
            _, name, owner = max(fitting)
            at = placed.line("services", name, "owner")
            yield Owner(ref=owner_ref(owner), confidence=0.98, reason=f"{placed.path} names this owner of the service {name}.", at=at, origin="seamark.yaml")  # fmt: skip
        elif placed.context.spec.owner:
            at = placed.line("spec", "owner")
            yield Owner(ref=owner_ref(placed.context.spec.owner), confidence=0.9, reason=f"{placed.path} names this owner of the application.", at=at, origin="seamark.yaml")  # fmt: skip

    def _said_of(self, ref: AssetRef) -> Iterator[Owner]:
        """Yield what catalogue and context say of an asset by its own name."""
        for placed in self.contexts.placed:
            for store in placed.context.spec.data_stores:
                if store.owner and self._stores.ref(placed, store) == ref:
                    at = placed.line("data_stores", store.name, "owner")
                    yield Owner(ref=owner_ref(store.owner), confidence=0.98, reason=f"{placed.path} names this owner of {store.name}.", at=at, origin="seamark.yaml")  # fmt: skip
        for entity in self.catalog.entities:
            resource = self._stores.named(entity.name) if entity.kind == "resource" else None
            if entity.kind not in {"domain", "component"} and (resource or self.catalog.ref(entity)) == ref:
                yield from self._cataloged(entity, 1.0)

    def _cataloged(self, entity: Entity, sure: float) -> Iterator[Owner]:
        owner = self.catalog.owner(entity)
        if owner is not None:
            reason = f"The catalogue names this owner of the {entity.kind} {entity.name}."
            yield Owner(ref=owner, confidence=round(0.95 * sure, 2), reason=reason, at=entity.at, origin="catalog")

    def _by_files(self, path: str) -> Iterator[Owner]:
        files = [path] if self._tree.has(path) else list(self._below(path)[:MOST_FILES]) or [path]
        if self.codeowners is not None:
            yield from by_codeowners(self.codeowners, files)
        for distance, owned in enumerate(self._owners_files.of(path)):
            for names, role, sure in ((owned.approvers, "approver", 0.85), (owned.reviewers, "reviewer", 0.6)):
                for name in names[:20]:
                    alias = self._owners_files.aliases.get(name)
                    ref = team_ref(name) if alias else person_ref(name)
                    who = f"{role} (of the alias {name}: {', '.join(alias[:5])})" if alias else role
                    yield Owner(ref=ref, confidence=round(max(sure - 0.1 * distance, 0.3), 2), reason=f"{owned.path} names this {who}.", at=owned.path, origin="owners")  # fmt: skip

    def _by_maintainers(self, path: str) -> Iterator[Owner]:
        """Yield those who are said to look after the part that a path is in: by the list of maintainers, or by the part's own manifest.

        The nearest part counts. Who looks after the whole repository says little of one place, and comes with the manifests.
        """
        listed = self._maintainers.of(path)
        folder = path if not self._tree.has(path) else folder_of(path)
        while folder and not (listed is not None and _within(listed.path, folder)):
            named = [each for each in self._manifests(folder) if each.keeps]
            if named:
                for each in named[:MOST_PEOPLE]:
                    yield Owner(ref=self._person(each.word), confidence=0.75, reason=f"{each.at} names this maintainer.", at=each.at, origin="maintainers")  # fmt: skip
                return
            folder = folder_of(folder)
        if listed is not None:
            reason = f"{listed.at.partition(':')[0]} names this maintainer of {listed.path}."
            for word in listed.people[:MOST_PEOPLE]:
                yield Owner(ref=owner_ref(word), confidence=0.75, reason=reason, at=listed.at, origin="maintainers")

    def _manifests(self, folder: str) -> list[Named]:
        if folder not in self._named and len(self._named) < MOST_ANSWERS:
            self._named[folder] = list(maintainers_of(self._tree, folder))
        return self._named.get(folder, [])

    def _rest(self, path: str, line: int, names: list[str]) -> Iterator[Owner]:
        yield from self._by_maintainers(path)
        for schedule in self._schedules:
            if schedule.answers_for(names):
                for shift in schedule.on_duty(self._now)[:2]:
                    sure = 0.7 if shift.level == 1 else 0.5
                    yield Owner(ref=self._person(shift.person), confidence=sure, reason=f"It is their turn in the on-call schedule {schedule.name}.", origin="on-call")  # fmt: skip
        yield from self._by_history(path, line)
        folder = path if not self._tree.has(path) else folder_of(path)
        while True:
            found = self._manifests(folder)
            for named in found[:3]:
                who = "maintainer" if named.keeps else "author"
                yield Owner(
                    ref=self._person(named.word), confidence=0.35, reason=f"{named.at} names this {who}.", at=named.at, origin="manifest",
                )  # fmt: skip
            if found or not folder:
                break
            folder = folder_of(folder)
        told = [(admin, "") for admin in self._admins] + list(admins_of(self._tree))
        for admin, at in told[:10]:
            yield Owner(
                ref=owner_ref(admin),
                confidence=0.2,
                reason="This is an administrator of the repository.",
                at=at,
                origin="admins",
            )

    def _by_history(self, path: str, line: int) -> Iterator[Owner]:
        authorship = self.authorship
        if authorship is None:
            return
        if line and (owner := self._line_author(authorship, path, line)):
            yield owner
        yield from self._by_team(path)
        for share in authorship.ranked(path)[:MOST_PEOPLE]:
            if share.share < LEAST_SHARE:
                break
            place = share.where or "the repository"
            last = datetime.fromtimestamp(share.last, UTC).date()
            commits = f"{share.commits} commit{'s' if share.commits != 1 else ''}"
            reason = f"Has {share.share:.0%} of the weighted changes here ({commits} to {place}, the last on {last})."
            away = 1.0 if share.where == path else 0.7
            yield Owner(ref=self._ref_of(share.person), confidence=round((0.3 + 0.45 * share.share) * away, 2), reason=reason, at=share.where, origin="history")  # fmt: skip

    def _by_team(self, path: str) -> Iterator[Owner]:
        """Propose a team for a place that no telling line of CODEOWNERS fits, by the teams of other places."""
        if self.codeowners is None or not path or any(match.weight for match in self.codeowners.match(path)):
            return
        for found in self._teams.ranked(path)[:1] if self._teams is not None else ():
            if found.share < LEAST_TEAM:
                break
            who = f"{found.people} of its people" if found.people != 1 else "One of its people"
            reason = f"{who} changed this place, with {found.share:.0%} of what speaks for any team; CODEOWNERS gives it other places."
            yield Owner(ref=team_ref(found.team), confidence=round(0.3 + 0.3 * found.share, 2), reason=reason, origin="history")  # fmt: skip

    @cached_property
    def _teams(self) -> Teams | None:
        """What the files with a telling line of CODEOWNERS teach of teams; None where it names none."""
        if self.codeowners is None or self.authorship is None:
            return None
        files = self._tree.files
        known = []
        for path in files[:: max(len(files) // MOST_LEARNT, 1)]:
            owners = [name for match in self.codeowners.match(path) if match.weight for name in match.rule.owners]
            known.append((path, [name for name in dict.fromkeys(owners) if "/" in name and not name.startswith("@@")]))
        teams = Teams(self.authorship, known)
        return teams if teams.teams else None

    def _line_author(self, authorship: Authorship, path: str, line: int) -> Owner | None:
        for row in blame(self._tree.root, path):
            if row.first <= line <= row.last:
                commit = authorship.commits.get(row.commit)
                person = authorship.author(commit) if commit else ""
                if commit is None or not person or authorship.left(person):
                    return None
                day = datetime.fromtimestamp(commit.at, UTC).date()
                return Owner(ref=self._ref_of(person), confidence=0.6, reason=f"Wrote this line on {day} (commit {row.commit[:10]}).", at=f"{path}:{line}", origin="history")  # fmt: skip
        return None

    def _person(self, word: str) -> AssetRef:
        return owner_ref(word) if "@" in word else AssetRef(AssetKind.PERSON, word)

    def _ref_of(self, person: str) -> AssetRef:
        assert self.authorship is not None  # noqa: S101 - persons come from there
        known, login = self.authorship.people.known_as(person), self.authorship.people.login(person)
        return person_ref(
            f"@{login}" if login and known.email.endswith("noreply.github.com") else known.email or known.name
        )

    def _ranked(self, path: str, found: Iterable[Owner], gap: str = "") -> Owners:
        kept = joined_answers(found, self._mark)
        return Owners(kept, "" if kept else gap or self._gap(path))

    def _mark(self, ref: AssetRef) -> str:
        """Return what is equal for the names of one owner: a team with and without its organisation, a person's login and address."""
        if ref.kind is AssetKind.TEAM:
            return f"team {ref.key.rpartition('/')[2].lower()}"
        known = self.authorship.people.find(ref.key) if self.authorship is not None else ""
        return known or f"person {ref.key.lower()}"

    def _gap(self, path: str) -> str:
        codeowners = self.codeowners
        if codeowners is None:
            told = "there is no CODEOWNERS"
        else:
            match = codeowners.match(path)
            told = (
                f"{codeowners.path}:{match[0].rule.line} says that nobody owns it"
                if match
                else f"no line of {codeowners.path} fits"
            )
        history = "no history" if self.authorship is None else "nobody who is still there changed it"
        schedule = "no on-call schedule is for it" if self._schedules else "no on-call schedule is given"
        return (
            f"Nobody is known to own {path or 'the repository'}: no override, nothing in seamark.yaml, no catalogue entry with an owner, "
            f"{told}, no OWNERS file, {schedule}, {history}, no maintainer in a manifest, no administrators given."
        )


def _within(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
