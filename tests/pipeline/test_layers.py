"""Whether a container's package is of its base image or of an own layer, as queries and lists say it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from seamark.analysis.correlation import roots
from seamark.core.errors import InvalidQuery
from seamark.store.models import Issue
from seamark.store.query import layers
from seamark.store.query.layers import base_image_of, in_layer, layer_at, layer_of

from .test_roots import BASE_LAYER, LAYER, REPOSITORY, based_on, built_from, lodash, openssl, send

pytestmark = pytest.mark.django_db
SHOP, BASE, ALONE = "registry.example/shop", "python", "registry.example/alone"


@pytest.fixture
def images() -> None:
    """An image on a base whose layers are known, one whose base nobody knows, and a lock file."""
    send("Trivy", image=f"{BASE}:3.12-slim", layers=(BASE_LAYER,))
    here = (based_on(SHOP, BASE), built_from(SHOP))
    send(
        "Trivy",
        openssl(f"{SHOP}:1", BASE_LAYER),
        lodash(f"{SHOP}:1", LAYER),
        image=f"{SHOP}:1",
        layers=(BASE_LAYER, LAYER),
        relations=here,
    )
    send("Trivy", openssl(f"{ALONE}:1", "sha256:" + "c" * 64), image=f"{ALONE}:1", application="alone")
    send("Scanner", lodash(), repository="https://git.example/acme/other", application="other", ref="main")


def rows() -> set[tuple[str, str, str, str]]:
    found = Issue.objects.filter(merged_into=None).annotate(layer=layer_of(), base_image=base_image_of())
    return {
        (one.component.partition(" ")[0].partition("@")[0], one.application.name, one.layer, one.base_image)
        for one in found
    }  # type: ignore[attr-defined]


def test_what_is_of_the_base_image_and_what_is_own(images: None) -> None:
    assert rows() == {
        ("openssl", "shop", "base", BASE),
        ("lodash", "shop", "own", ""),
        ("openssl", "alone", "", ""),
        ("lodash", "other", "", ""),
    }
    (own,) = Issue.objects.filter(in_layer("own"))
    assert own.asset.key == REPOSITORY.removeprefix("https://")
    (base,) = Issue.objects.filter(in_layer("BASE"))
    assert base.asset.key == BASE
    assert [layer_at(number) for number in (base.pk, own.pk, 0)] == [("base", BASE), ("own", ""), ("", "")]


def test_a_relation_that_ended_or_is_unsure_says_nothing(images: None) -> None:
    from django.utils import timezone

    from seamark.store.models import Relation

    Relation.objects.filter(kind="based_on").update(confidence=0.5)
    assert {layer for _, _, layer, _ in rows()} == {""}
    Relation.objects.filter(kind="based_on").update(confidence=0.9, until=timezone.now())
    assert {layer for _, _, layer, _ in rows()} == {""}


def test_a_page_of_layers_is_one_query(images: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        list(
            Issue.objects.annotate(layer=layer_of(), base_image=base_image_of()).values_list(
                "id", "layer", "base_image"
            )
        )
    assert len(queries) == 1


def test_other_words_are_refused() -> None:
    with pytest.raises(InvalidQuery, match="layer is one of base, own"):
        in_layer("middle")
    assert layers.SURE == roots.SURE
