"""A person's own things: password, theme, API tokens."""

from __future__ import annotations

from allauth.account.signals import password_changed
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters

from seamark.interfaces.web.access.fresh import fresh
from seamark.interfaces.web.frame import go_back, person
from seamark.interfaces.web.locale import choices
from seamark.pipeline import people
from seamark.store.models import User

THEMES = ("", "light", "dark")
SCOPES = {
    "read": gettext_noop("Read issues, fixes and applications"),
    "import": gettext_noop("Send reports in"),
    "gate": gettext_noop("Ask gates, in pipelines and at deploys"),
    "write": gettext_noop("Triage, comment and assign"),
}
SPANS = (7, 30, 90, 365)
"""Days after which a token may expire."""
MOST_TOKENS = 50


@sensitive_post_parameters()
def show(request: HttpRequest) -> HttpResponse:
    """Show the account, or change the password."""
    form = PasswordChangeForm(person(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        # Other sessions end; this one goes on.
        update_session_auth_hash(request, form.user)
        password_changed.send(sender=type(form.user), request=request, user=form.user)
        messages.success(request, gettext("Your password is changed. Other sessions are logged out."))
        return redirect("account")
    return _page(request, form)


def _page(request: HttpRequest, form: PasswordChangeForm, *, made: str = "") -> HttpResponse:
    tokens = person(request).tokens.order_by("-id")
    context = {
        "form": form,
        "tokens": list(tokens[:MOST_TOKENS]),
        "scopes": SCOPES.items(),
        "spans": SPANS,
        "made": made,
        "now": timezone.now(),
        **choices(person(request)),
    }
    return render(request, "web/account/page.html", context)


def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme that the person chose; none follows the system."""
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        who = person(request)
        who.theme = theme
        who.save(update_fields=["theme"])
    return go_back(request, "account")


@fresh
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once."""
    name = request.POST.get("name", "").strip()
    scopes = [scope for scope in SCOPES if scope in request.POST.getlist("scopes")]
    days = request.POST.get("days", "")
    if not name or len(name) > 100 or not scopes or days not in map(str, SPANS):
        messages.error(
            request, gettext("A token needs a name of at most 100 characters, at least one scope, and an expiry.")
        )
        return redirect("account")
    token = new_token(person(request), name, scopes, int(days))
    return _page(request, PasswordChangeForm(person(request)), made=token)


def new_token(owner: User, name: str, scopes: list[str], days: int) -> str:
    """Make a token for a person and return it; only its hash is kept."""
    return people.make_token(owner, name, scopes=tuple(scopes), days=days, actor=owner)


def revoke_token(request: HttpRequest, number: int) -> HttpResponse:
    """End a token of one's own."""
    token = get_object_or_404(person(request).tokens, pk=number)
    people.revoke_token(token, person(request))
    messages.success(request, gettext("The token %(name)s is revoked.") % {"name": token.name})
    return redirect("account")
