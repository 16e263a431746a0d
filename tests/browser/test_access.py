"""Getting in as people do: passwords, an app, a passkey, a provider, a forgotten password."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import BrowserContext, Page, expect

from seamark.pipeline.signon import providers
from seamark.pipeline.signon.model import Provider
from seamark.site.options import mail_settings
from seamark.store.models import User
from seamark.store.models.people import Role
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD, make_person
from tests.support import oidc, smtp
from tests.support.access import code_of


@pytest.fixture(autouse=True)
def people(transactional_db: None) -> Iterator[None]:
    cache.clear()
    make_person("ada", Role.ANALYST)
    make_person("boss", Role.ADMIN)
    yield
    cache.clear()


def look(page: Page, name: str) -> None:
    """Have axe look at a screen in both themes, wide and narrow, and keep pictures."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, f"access-{name}-{theme}-{width}")
            found = AXE.run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == [], name
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), (name, width)
    page.set_viewport_size({"width": 1440, "height": 900})


def log_in(page: Page, name: str = "ada", password: str = PASSWORD) -> None:
    page.goto("/login/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def arrive(page: Page) -> None:
    """Wait for the first page behind the log-in."""
    page.wait_for_url(lambda address: "/login/" not in address and "/sso/" not in address)
    expect(page.locator("header.side, nav").first).to_be_attached()


def log_out(page: Page) -> None:
    page.context.clear_cookies()


def test_an_app_is_set_up_and_asked_for(page: Page) -> None:
    log_in(page)
    arrive(page)
    page.goto("/account/")
    page.get_by_role("link", name="Look after security").click()
    look(page, "security")
    page.get_by_role("link", name="Set up an app").click()
    look(page, "app")
    secret = page.locator("#authenticator_secret").input_value()
    assert page.evaluate("document.querySelector('img.qr').naturalWidth") > 0
    page.get_by_label("Authenticator code").fill(code_of(secret, steps=-1))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/codes/")
    look(page, "codes")
    recovery = page.locator("#recovery_codes").input_value().split()[0]
    page.goto("/account/security/")
    look(page, "security-app")

    log_out(page)
    log_in(page)
    page.wait_for_url("**/login/factor/**")
    look(page, "factor")
    page.get_by_label("Code of the app").fill("000000")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    look(page, "factor-wrong")
    page.get_by_label("Code of the app").fill(code_of(secret))
    page.get_by_role("button", name="Log in", exact=True).click()
    arrive(page)

    log_out(page)
    log_in(page)
    page.get_by_label("Code of the app").fill(recovery)
    page.get_by_role("button", name="Log in", exact=True).click()
    arrive(page)


def test_a_passkey_logs_in_alone(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    log_in(page)
    arrive(page)
    page.goto("/account/security/")
    page.get_by_role("link", name="Add a passkey").click()
    look(page, "passkey")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Log in with it alone").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/codes/")
    page.goto("/account/security/")
    expect(page.get_by_role("link", name="Laptop", exact=True)).to_be_visible()
    expect(page.get_by_text("logs you in alone")).to_be_visible()
    look(page, "security-passkey")

    log_out(page)
    page.goto("/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    arrive(page)

    # With the password, it is the second factor.
    log_out(page)
    log_in(page)
    page.wait_for_url("**/login/factor/**")
    page.get_by_role("button", name="Use a passkey or security key").click()
    arrive(page)


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    """A tab in which the browser may say that an answer was a refusal."""
    return context.new_page()


def test_guessing_is_locked(tab: Page) -> None:
    page = tab
    for _ in range(8):
        log_in(page, password="guess")
        page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Too many attempts")).to_be_visible()
    look(page, "locked")


@pytest.fixture
def idp() -> Iterator[oidc.Provider]:
    with oidc.provider() as server:
        yield server


def test_single_sign_on(page: Page, idp: oidc.Provider) -> None:
    idp.asks = True
    log_in(page, "boss")
    arrive(page)
    page.goto("/administration/sso/")
    look(page, "providers-none")
    page.get_by_role("link", name="Add a provider").click()
    look(page, "provider-new")
    page.get_by_label("Short name").fill("okta")
    page.get_by_label("Name on the button").fill("Okta")
    page.get_by_label("Address", exact=True).fill(idp.issuer)
    page.get_by_label("Client ID").fill(oidc.CLIENT)
    page.get_by_label("Client secret").fill(oidc.SECRET)
    page.get_by_label("Groups", exact=True).fill("appsec = Security")
    page.get_by_label("Make a person of somebody unknown").check()
    page.get_by_role("button", name="Keep").click()
    page.wait_for_url("**/administration/sso/")
    look(page, "providers")
    page.get_by_role("link", name="Okta").click()
    look(page, "provider")

    log_out(page)
    idp.person["groups"] = ["appsec"]
    page.goto("/fixes/")
    look(page, "login-sso")
    page.get_by_role("button", name="Log in with Okta").click()
    page.get_by_role("button", name="Go on as grace").click()
    page.wait_for_url("**/fixes/")
    page.goto("/account/security/")
    expect(page.get_by_text("Linked to okta")).to_be_visible()
    grace = User.objects.get(username="grace")
    assert list(grace.teams.values_list("name", flat=True)) == ["Security"]
    assert idp.refused == []


def test_a_stranger_is_told_why_not(tab: Page, idp: oidc.Provider) -> None:
    page = tab
    providers.add(
        Provider(slug="okta", kind="oidc", name="Okta", address=idp.issuer, client_id=oidc.CLIENT, secret=oidc.SECRET)
    )
    page.goto("/login/")
    page.get_by_role("button", name="Log in with Okta").click()
    expect(page.get_by_role("heading", name="Not let in")).to_be_visible()
    look(page, "refused")


@pytest.fixture
def mail(settings: pytest.FixtureRequest) -> Iterator[smtp.Server]:
    with smtp.smtp() as server:
        told = {"SEAMARK_SENDS_MAIL": True, "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"}
        for name, value in {**told, **mail_settings(f"smtp-plain://127.0.0.1:{server.port}")}.items():
            setattr(settings, name, value)
        yield server


def test_a_forgotten_password(page: Page, mail: smtp.Server) -> None:
    User.objects.filter(username="ada").update(email="ada@acme.example")
    page.goto("/login/")
    look(page, "login")
    page.get_by_role("link", name="Forgotten your password?").click()
    look(page, "reset")
    page.get_by_label("Email").fill("ada@acme.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    look(page, "reset-sent")
    link = re.search(r"http://\S+", mail.mails[0].get_content())
    assert link is not None
    page.goto(link[0])
    look(page, "reset-form")
    page.locator("#id_password1").fill("a long new sentence 42")
    page.locator("#id_password2").fill("a long new sentence 42")
    page.get_by_role("button", name="Change Password").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()
    log_in(page, password="a long new sentence 42")
    arrive(page)


def test_sessions_are_ended_from_another(page: Page, context: object, browser: object, live_server: object) -> None:
    other = browser.new_context(base_url=str(live_server))  # type: ignore[attr-defined]
    there = other.new_page()
    log_in(there)
    arrive(there)
    log_in(page)
    arrive(page)
    page.goto("/account/security/")
    page.get_by_role("button", name="Log out all others").click()
    expect(page.get_by_text("All other sessions are logged out.")).to_be_visible()
    there.goto("/issues/")
    there.wait_for_url("**/login/**")
    other.close()


def test_screens_that_ask_again(page: Page, settings: pytest.FixtureRequest) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = -1  # type: ignore[attr-defined]
    log_in(page)
    arrive(page)
    page.goto("/account/security/app/")
    page.wait_for_url("**/login/again/**")
    look(page, "again")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # type: ignore[attr-defined]
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/account/security/app/**")
    page.goto("/account/email/")
    look(page, "email")
