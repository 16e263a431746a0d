"""The page of the risk profile: what it shows, what moving a weight would do, and who may keep and apply one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from seamark.analysis.risk import default_profile
from seamark.analysis.risk.factors import FACTORS
from seamark.interfaces.web import profile_form
from seamark.pipeline import outlook, profiles, rescoring
from seamark.pipeline.profile_yaml import dump
from seamark.store.access import everything
from seamark.store.models import Application, BusinessUnit, Issue, ProfileUse, RiskProfile, User
from seamark.store.models.people import Role
from tests.factories import make_person

PAGE, PREVIEW = "/risk-profile/", "/risk-profile/preview/"
STATEMENTS = [11, 11]
"""Of the page and of a preview that was asked for before, those of the session included."""
LogIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    outlook.forget()


@pytest.fixture
def admin(world: dict[str, Application], logged_in: LogIn) -> Client:
    return logged_in(make_person("root", Role.ADMIN))


def fields(client: Client, address: str = PAGE) -> dict[str, str]:
    """Return what the page's form would send, untouched."""
    page = client.get(address).content.decode()
    found = dict(re.findall(r'<input type="number"[^>]* name="([^"]+)" value="([^"]*)"', page))
    found |= dict.fromkeys(re.findall(r'<input type="checkbox" name="([^"]+)" checked', page), "on")
    found |= dict(re.findall(r'<input type="hidden" name="(unit|from)" value="(\d+)"', page))
    found["name"] = re.search(r'id="name"[^>]* value="([^"]*)"', page)[1]  # type: ignore[index]
    return found


def test_every_factor_stands_there_with_what_is_to_be_known_of_it(admin: Client) -> None:
    page = admin.get(PAGE).content.decode()
    for factor in FACTORS:
        assert f'name="weight.{factor.name}" value="{default_profile().weights.get(factor.name, 0):g}"' in page
        assert f'data-for="weight-{factor.name}"' in page
        assert f'<label for="weight-{factor.name}">' in page
    shown = re.sub(r"&#x27;", "'", page)
    assert all(factor.definition in shown and f"<dd>{factor.unit}</dd>" in shown for factor in FACTORS)
    for name in ("intercept", "floor.exploited", "floor.ransomware", "band.P0", "band.P3", "ceiling.unreachable.most"):
        assert f'name="{name}"' in page
    assert "holds for everything" in page
    assert " style=" not in page
    assert "<script>" not in page


def test_what_is_sent_untouched_is_the_same_profile(admin: Client) -> None:
    sent = profile_form.sent(fields(admin), "default", default_profile().version)
    assert sent == default_profile()
    refused = admin.post(PAGE, fields(admin) | {"action": "draft"})
    assert refused.status_code == 422
    assert "Nothing is changed" in refused.content.decode()
    assert RiskProfile.objects.count() == 1


def test_moving_a_weight_shows_what_would_move(admin: Client) -> None:
    before = dict(Issue.objects.values_list("pk", "risk"))
    form = fields(admin) | {"weight.exposure": "3", "intercept": "-0.5"}
    part = admin.post(PREVIEW, form, headers={"HX-Request": "true", "HX-Target": "outcome"}).content.decode()
    assert "<html" not in part
    told = outlook.outlook(everything(), profile_form.sent(form, "default", 1))
    assert f"<b>{told.preview.moved}</b> of {told.preview.issues} open issues get another score" in part
    for number, count in enumerate(told.preview.after):
        row = re.search(rf'p{number}">P{number}</span></th>.*?</tr>', part, re.DOTALL)
        assert row
        assert f'<td class="num">{count}</td>' in row[0]
    assert told.shifts[0].issue.reference in part
    assert f"<dt>Become P0 or P1</dt><dd>{told.enter}</dd>" in part
    assert dict(Issue.objects.values_list("pk", "risk")) == before
    whole = admin.post(PREVIEW, form).content.decode()
    assert "<html" in whole
    assert 'name="weight.exposure" value="3"' in whole
    assert f"<b>{told.preview.moved}</b>" in whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight.epss": "much"}, "is no number"),
        ({"weight.epss": "-1"}, "must lie between 0 and 20"),
        ({"weight.epss": "nan"}, "is no usable number"),
        ({"weight.epss": "1e999"}, "is no usable number"),
        ({"band.P0": "10"}, "must fall from P0 to P3"),
        ({"ceiling.unreachable.most": "101"}, "ceiling unreachable"),
        ({"intercept": "99"}, "intercept"),
    ],
)
def test_wrong_numbers_are_told(admin: Client, change: dict[str, str], said: str) -> None:
    form = fields(admin) | change
    part = admin.post(PREVIEW, form, headers={"HX-Request": "true", "HX-Target": "outcome"}).content.decode()
    assert said in part
    assert 'role="alert"' in part
    kept = admin.post(PAGE, form | {"action": "apply"})
    assert (kept.status_code, said in kept.content.decode()) == (422, True)
    assert RiskProfile.objects.count() == 1


def test_kept_as_a_draft_and_applied_later(admin: Client) -> None:
    form = fields(admin) | {"weight.exposure": "2", "comment": "exposure counts"}
    page = admin.post(PAGE, form | {"action": "draft"}, follow=True)
    row = RiskProfile.objects.order_by("-id")[0]
    assert (row.version, row.comment, row.author.username) == (default_profile().version + 1, "exposure counts", "root")  # type: ignore[union-attr]
    assert f"{row} is kept as a draft" in page.content.decode()
    assert page.redirect_chain == [(f"{PAGE}?from={row.pk}", 302)]
    assert profiles.active_profile() != row
    opened = fields(admin, f"{PAGE}?from={row.pk}")
    assert opened["weight.exposure"] == "2"
    done = admin.post(PAGE, opened | {"action": "apply", "comment": "decided"}, follow=True).content.decode()
    use = ProfileUse.objects.order_by("-id")[0]
    assert (use.profile, use.comment, use.state) == (row, "decided", "done")
    assert RiskProfile.objects.count() == 2
    assert f"{row} holds now for everything: {use.moved} of {use.issues} issues moved" in done
    assert Issue.objects.filter(profile=row).count() == use.moved > 0
    assert "holds for everything already" in admin.post(PAGE, fields(admin) | {"action": "apply"}).content.decode()


def test_a_unit_gets_its_own_and_gives_it_back(admin: Client) -> None:
    unit = BusinessUnit.objects.get(name="Retail")
    address = f"{PAGE}?unit={unit.pk}"
    assert "as above it" in admin.get(address).content.decode()
    form = fields(admin, address)
    assert form["name"] == "retail"
    admin.post(PAGE, form | {"action": "apply", "weight.data": "2"})
    use = ProfileUse.objects.get(unit=unit)
    assert str(use.profile) == "retail v1"
    page = admin.get(address).content.decode()
    assert "<em>retail v1</em> holds for Retail" in page
    assert fields(admin, address)["name"] == "retail"
    assert "Let Retail follow the profile above it" in page
    back = admin.post(PAGE, {"unit": unit.pk, "action": "withdraw", "comment": "one for all"}, follow=True)
    assert f"{default_profile().title} holds again for Retail" in back.content.decode()
    assert profiles.holding(unit) == profiles.active_profile()
    assert admin.get(f"{PAGE}?unit=4711").status_code == 404


def test_large_estates_show_how_far_they_are(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescoring, "AT_ONCE", 0)
    page = admin.post(PAGE, fields(admin) | {"action": "apply", "weight.data": "2"}, follow=True).content.decode()
    assert "a worker scores the issues anew" in page
    part = admin.get(PAGE, headers={"HX-Request": "true", "HX-Target": "following"}).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part
    rescoring.work_once()
    part = admin.get(PAGE, headers={"HX-Request": "true", "HX-Target": "following"}).content.decode()
    assert part.strip() == '<div id="following"></div>'


def test_a_failed_scoring_is_told(admin: Client) -> None:
    profiles.active_profile()
    ProfileUse.objects.update(state="failed", error="the disk was full")
    assert "The issues were not scored anew: the disk was full" in admin.get(PAGE).content.decode()


def test_yaml_goes_out_and_comes_in_the_same(admin: Client) -> None:
    text = "# Ours.\n" + dump(replace(default_profile(), name="ours", version=3, intercept=0.5))
    page = admin.post(PAGE, {"action": "import", "file": SimpleUploadedFile("ours.yaml", text.encode())}, follow=True)
    assert "ours v3 is kept as a draft" in page.content.decode()
    row = RiskProfile.objects.get(name="ours")
    given = admin.get(f"/risk-profile/{row.pk}.yaml")
    assert given.content.decode() == text
    assert given["Content-Disposition"] == 'attachment; filename="risk-profile-ours-v3.yaml"'
    for content, said in (
        (b"\xff", "not UTF-8"),
        (b"a: [", "line 1"),
        (text.replace("0.5", "0.6").encode(), "never changes"),
    ):
        page = admin.post(PAGE, {"action": "import", "file": SimpleUploadedFile("x.yaml", content)}, follow=True)
        assert said in page.content.decode()
    assert "Choose a file" in admin.post(PAGE, {"action": "import"}, follow=True).content.decode()


def test_hostile_comments_are_text(admin: Client) -> None:
    form = fields(admin) | {"weight.data": "2", "comment": "<script>alert(1)</script>", "action": "apply"}
    page = admin.post(PAGE, form, follow=True).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_without_the_right_it_is_read_only(client: Client, world: dict[str, Application], logged_in: LogIn) -> None:
    page = client.get(PAGE).content.decode()
    assert "<fieldset disabled>" in page
    assert "Read only" in page
    assert "hx-post" not in page
    assert 'name="action"' not in page
    form = {"weight.epss": "1", "name": "default"}
    assert client.post(PREVIEW, form).status_code == 403
    for action in ("draft", "apply", "import", "withdraw", "dance"):
        client.post(PAGE, form | {"action": action})
    assert RiskProfile.objects.count() == ProfileUse.objects.count() == 1
    assert logged_in(make_person("nemo")).get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302

    unit = world["shop"].unit
    assert unit is not None
    rita = logged_in(make_person("rita", Role.ADMIN, unit=unit))
    assert "<fieldset disabled>" in rita.get(PAGE).content.decode()
    address = f"{PAGE}?unit={unit.pk}"
    assert "<fieldset>" in rita.get(address).content.decode()
    assert rita.post(PAGE, fields(rita, address) | {"weight.data": "2", "action": "apply"}).status_code == 302
    assert profiles.holding(unit).author.username == "rita"  # type: ignore[union-attr]
    mine = profiles.holding(unit)
    vera = logged_in(make_person("vera", Role.VIEWER, application=world["payroll"]))
    assert vera.get(address).status_code == 404
    assert vera.get(f"/risk-profile/{mine.pk}.yaml").status_code == 404
    assert "Retail" not in vera.get(PAGE).content.decode()


def test_statements_do_not_grow(admin: Client) -> None:
    form = fields(admin)
    heads = {"HX-Request": "true", "HX-Target": "outcome"}
    counts = []
    for number in range(2):
        admin.get(PAGE)
        with CaptureQueriesContext(connection) as page:
            admin.get(PAGE)
        admin.post(PREVIEW, form | {"weight.data": "3"}, headers=heads)
        with CaptureQueriesContext(connection) as moved:
            admin.post(PREVIEW, form | {"weight.data": "4"}, headers=heads)
        counts.append([len(page), len(moved)])
        for at in range(3):
            admin.post(PAGE, form | {"action": "draft", "weight.data": f"{number + 1}.{at + 1}"})
    assert counts[0] == counts[1]
    assert counts[0] == STATEMENTS
