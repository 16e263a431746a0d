"""The words of messages: what, why, until when, how to fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from django.conf import settings

from seamark.insight.knowledge.library import hours_line
from seamark.pipeline.notices.kinds import KINDS, WATCHED
from seamark.pipeline.outbox.queue import key_of
from seamark.pipeline.scoring import reason_of
from seamark.pipeline.tickets.facts import reading_on
from seamark.pipeline.tickets.texts import counted, one_line, plain
from seamark.response.actions.contract import Button, Message
from seamark.store.models import Issue, IssueClock, News

SHOWN: Final = 10
TAKE, TICKET = "take", "ticket"
"""What the buttons of messages do."""


def address(path: str) -> str:
    """Return the address of a page; empty where the installation does not know its own."""
    return f"{settings.SEAMARK_PUBLIC_URL}{path}" if settings.SEAMARK_PUBLIC_URL else ""


def until(issue: Issue) -> str:
    """Return the day by which an issue is to be done; empty where none is set."""
    clock = IssueClock.objects.filter(issue=issue, ended_at=None).values_list("due_at", flat=True).first()
    day = clock.date() if clock is not None else issue.due
    return day.isoformat() if day is not None else ""


def remedy(issue: Issue) -> str:
    """Return how an issue is fixed, in a few words."""
    if issue.fix is not None:
        return one_line(issue.fix.title)
    return "A fixed version is known" if issue.fixable else "See the issue's page"


def facts_of(issue: Issue) -> tuple[tuple[str, str], ...]:
    """Return why, until when and how to fix."""
    told = {
        "Where": one_line(f"{issue.application.name}: {issue.place}"), "Why": one_line(reason_of(issue)), "Until": until(issue),
        "How to fix": remedy(issue),
    }  # fmt: skip
    return tuple((name, value) for name, value in told.items() if value)


def urgent(news: Sequence[News], *, to: str, personal: bool) -> Message:
    """Return the message for some news, which one change settles or which are too many to be told apart."""
    one = news[0]
    if all(item.issue is None and item.details.get("reference") == one.details.get("reference") for item in news) and (
        len(news) == 1 or one.kind == "ticket"
    ):
        return _plain_news(one, to)
    issues = list({item.issue.pk: item.issue for item in news if item.issue is not None}.values())
    if len(issues) == 1:
        issue = Issue.objects.select_related("application", "fix", "asset").get(pk=issues[0].pk)
        return Message(
            title=f"{_headline(one)}: {issue.reference} {one_line(issue.title, 200)}", text=_with_help(_story(news), [issue]), facts=facts_of(issue), urgent=True, to=to,
            url=address(f"/issues/{issue.reference}/"), thread=f"SM-{issue.pk}", buttons=_buttons(issue) if personal else (),
        )  # fmt: skip
    worst = sorted(issues, key=lambda item: (-item.risk, item.pk))[:SHOWN]
    rows = (
        Issue.objects.filter(pk__in=[item.pk for item in worst])
        .select_related("application", "fix")
        .order_by("-risk", "pk")
    )
    lines = [
        f"- {item.reference} (P{item.priority}) {plain(item.title)}, {plain(item.application.name)}" for item in rows
    ]
    if (more := len(issues) - len(lines)) > 0:
        lines.append(f"- and {more:,} more")
    if others := [item for item in news if item.issue is None]:
        lines += [f"- {plain(str(item.details.get('words') or KINDS[item.kind]))}" for item in others[:SHOWN]]
    kinds = Counter(item.kind for item in news)
    what = "; ".join(f"{KINDS[kind]} ({number:,})" for kind, number in kinds.most_common())
    fixes = {change_of(item) for item in rows}
    fix = rows[0].fix if len(fixes) == 1 and rows else None
    title = (
        f"{counted(len(issues), 'issue')}: {one_line(fix.title, 200)}"
        if fix is not None
        else f"{counted(len(news), 'urgent item')}"
    )
    return Message(
        title=title, text=_with_help("\n".join([f"{plain(what)}.", "", *lines]), rows), urgent=True, to=to, facts=facts_of(rows[0]) if fix is not None else (),
        url=address(f"/fixes/{fix.pk}/" if fix is not None else "/"), thread=f"fix-{key_of(*change_of(rows[0]))}" if fix is not None else "",
        buttons=_buttons(rows[0]) if fix is not None and personal else (),
    )  # fmt: skip


def change_of(issue: Issue) -> tuple[object, ...]:
    """Return what names the change that clears an issue, in whatever application; its own number where no fix does."""
    if issue.fix is None:
        return ("issue", issue.pk)
    return ("fix", issue.fix.asset_id, issue.fix.kind, issue.fix.key)


def _with_help(text: str, issues: Iterable[Issue]) -> str:
    """Return a text with the way to the articles about the weaknesses of some issues, and to the office hours."""
    articles = reading_on([one.cwe for one in issues if one.cwe is not None])
    hours = hours_line(settings.SEAMARK_OFFICE_HOURS) if articles else ""
    return "\n\n".join(filter(None, (text, articles, hours)))


def _headline(one: News) -> str:
    if one.details.get("again"):
        return "It is back"
    return {
        "p0": "P0", "kev": "Known to be exploited", "sla": "Time is over", "mention": "You were mentioned", "assigned": "Handed to you",
        "rule": "For your attention", "watch": WATCHED.get(str(one.details.get("what")), "You watch this"),
    }.get(one.kind, KINDS[one.kind])  # fmt: skip


def _story(news: Sequence[News]) -> str:
    lines = [f"{KINDS[one.kind]}{_what(one)}{_by(one)}." for one in news]
    return "\n".join(dict.fromkeys(lines))


def _what(one: News) -> str:
    told = WATCHED.get(str(one.details.get("what", "")), "")
    return f": {told[0].lower()}{told[1:]}" if told else ""


def _by(one: News) -> str:
    who = one.details.get("by") or one.details.get("rule")
    return f" ({plain(str(who))})" if who else ""


def _plain_news(one: News, to: str) -> Message:
    if one.kind == "ticket":
        text = f"The ticket {plain(str(one.details.get('reference')))} of “{plain(str(one.details.get('title')))}” was deleted. Nobody opens it again by itself."
        return Message(title="A ticket was deleted", text=text, urgent=True, to=to, url=address("/tickets/"))
    return Message(
        title=KINDS[one.kind],
        text=plain(str(one.details.get("words", "")), 1_000),
        urgent=True,
        to=to,
        url=address("/"),
    )


def _buttons(issue: Issue) -> tuple[Button, ...]:
    return (
        Button("Take it", TAKE, issue.reference, "primary"),
        Button("Open a ticket", TICKET, issue.reference),
    )
