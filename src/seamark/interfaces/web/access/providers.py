"""The administration of single sign-on."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy

from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.interfaces.web.frame import person
from seamark.pipeline.signon import providers
from seamark.pipeline.signon.model import OIDC, SAML, Provider
from seamark.store.access import may
from seamark.store.permissions import Permission


class ProviderForm(forms.Form):
    """A provider as people write it; `pipeline.signon.model.checked` judges it."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=[(OIDC, "OpenID Connect"), (SAML, "SAML 2.0")])
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=40,
        help_text=gettext_lazy("Stands in addresses, and stays: okta, entra."),
    )
    name = forms.CharField(label=gettext_lazy("Name on the button"), max_length=100)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        help_text=gettext_lazy("OpenID Connect: the issuer. SAML: where log-ins are sent (HTTP-Redirect)."),
    )
    client_id = forms.CharField(label=gettext_lazy("Client ID (OpenID Connect)"), max_length=300, required=False)
    secret = forms.CharField(
        label=gettext_lazy("Client secret (OpenID Connect)"), max_length=1000, required=False, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}), help_text=gettext_lazy("Kept sealed. Empty keeps the one there is."),
    )  # fmt: skip
    entity_id = forms.CharField(label=gettext_lazy("Entity ID of the provider (SAML)"), max_length=500, required=False)
    certificate = forms.CharField(
        label=gettext_lazy("Signing certificate (SAML)"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    groups_claim = forms.CharField(
        label=gettext_lazy("Claim with the groups"), max_length=200, required=False, initial="groups"
    )
    groups = forms.CharField(
        label=gettext_lazy("Groups"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("A rule a line: value of the claim = name of a group here."),
    )  # fmt: skip
    trusts_email = forms.BooleanField(
        label=gettext_lazy("A verified mail address finds the person who has it here"), required=False
    )
    creates_people = forms.BooleanField(
        label=gettext_lazy("Make a person of somebody unknown, without any right"), required=False
    )
    trusts_second_factor = forms.BooleanField(label=gettext_lazy("It asks for a second factor itself"), required=False)
    enabled = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def clean_groups(self) -> dict[str, str]:
        """Return the rules. Raises `ValidationError` for a line that is none."""
        rules = {}
        for line in filter(None, map(str.strip, self.cleaned_data["groups"].splitlines())):
            value, sign, group = (part.strip() for part in line.rpartition("="))
            if not (value and sign and group):
                raise forms.ValidationError(
                    gettext("%(line)s is no rule: write value = group") % {"line": repr(line[:60])}
                )
            rules[value] = group
        return rules


def show(request: HttpRequest) -> HttpResponse:
    """List the providers."""
    _check(request)
    return render(request, "web/access/providers.html", {"providers": providers.every()})


def add(request: HttpRequest) -> HttpResponse:
    """Add a provider."""
    _check(request)
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = providers.add(Provider(**form.cleaned_data), person(request))
        except (InvalidSetting, NotAllowed) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("%(name)s is added.") % {"name": made.name})
            return redirect("sign-ons")
    return render(request, "web/access/provider.html", {"form": form})


def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a provider."""
    _check(request)
    try:
        found = providers.kept(slug)
    except (NotFound, NotAllowed) as error:
        raise Http404(str(error)) from None
    known = {name: getattr(found, name) for name in ProviderForm.base_fields}
    known |= {"groups": "\n".join(f"{value} = {group}" for value, group in found.groups.items()), "secret": ""}
    form = ProviderForm(
        {**request.POST.dict(), "slug": slug, "kind": found.kind} if request.method == "POST" else None, initial=known
    )
    if request.method == "POST" and form.is_valid():
        try:
            providers.change(Provider(**form.cleaned_data), person(request))
        except (InvalidSetting, NotAllowed) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("%(name)s is changed.") % {"name": found.name})
            return redirect("sign-ons")
    return render(request, "web/access/provider.html", {"form": form, "provider": found})


def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove a provider; people stay."""
    _check(request)
    try:
        providers.remove(slug, person(request))
    except (NotFound, NotAllowed) as error:
        raise Http404(str(error)) from None
    messages.success(
        request,
        gettext("The provider %(name)s is removed. People stay, and what they were linked by.") % {"name": slug},
    )
    return redirect("sign-ons")


def _check(request: HttpRequest) -> None:
    if not may(person(request), Permission.USER_MANAGE):
        raise PermissionDenied
