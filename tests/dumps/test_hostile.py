"""Dumps that are cut, retyped, blown up or made to harm: a sentence, or a dump; never anything else, and never for long."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from seamark.core.errors import UnreadableReport
from seamark.intake.dumps.dump import Dump, Said
from seamark.intake.dumps.read import read_dumps

from .clouds import AWS, AZURE, GOOGLE
from .harbour import as_json, as_yaml, listed, objects, pod

SAMPLES = {"kubernetes": listed(objects()), **AWS, **GOOGLE, **AZURE}
WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    10**40,
    "",
    "\x00\ud800 x",
    "a/" * 400,
    [],
    [None],
    [[]],
    {},
    {"": {}},
    {"name": {"name": []}},
    "${jndi:ldap://x}",
)


def survives(data: bytes) -> list[Dump] | None:
    try:
        found = read_dumps([("x", data)], Said(cluster="c", account="123456789012/eu-west-1"))
    except UnreadableReport as error:
        sentence = str(error)
    else:
        sentence = "read"
    assert sentence
    assert "\n" not in sentence
    if sentence != "read":
        return None
    for dump in found:
        for each in dump.discovery.assets:
            text = json.dumps(each.facts, allow_nan=False)
            text.encode()
            assert "\\u0000" not in text
            assert each.ref.key.isprintable()
    return found


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if way:
        yield way
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(each, (*way, key))


def replaced(value: Any, way: tuple[Any, ...], by: Any) -> Any:
    spoilt = copy.deepcopy(value)
    inner = spoilt
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = by
    return spoilt


@pytest.mark.parametrize("name", SAMPLES)
def test_a_wrong_value_anywhere_is_survived(name: str) -> None:
    chance = random.Random(name)
    ways = list(places(SAMPLES[name]))
    read = 0
    for way in chance.sample(ways, min(len(ways), 60)):
        for wrong in chance.sample(WRONG, 5):
            read += (
                survives(json.dumps(replaced(SAMPLES[name], way, wrong)).encode("utf-8", "surrogatepass")) is not None
            )
    assert read > 100 or name != "kubernetes"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_cut_file_is_survived(name: str) -> None:
    data = json.dumps(SAMPLES[name]).encode()
    for part in range(1, 20):
        assert survives(data[: len(data) * part // 20]) is None


def test_cut_and_garbled_yaml_is_survived() -> None:
    data = as_yaml(objects())
    chance = random.Random(7)
    for part in range(1, 10):
        survives(data[: len(data) * part // 10])
        garbled = bytearray(data)
        for _ in range(20):
            garbled[chance.randrange(len(garbled))] = chance.randrange(256)
        survives(bytes(garbled))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00\x01\x02", b"\xff\xfe", b"PK\x03\x04junk", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"a: &a [x]\n" + b"b: *a\n" * 10, b"- " * 100_000, b"!!python/object/apply:os.system ['true']",
        b"kind: Pod\napiVersion: v1\nmetadata: " + b"{a: " * 5_000, b"\n".join([b"a: &a0 [x,x,x,x,x,x,x,x,x]"] + [b"b%d: &a%d [*a%d,*a%d,*a%d,*a%d]" % (n, n, n - 1, n - 1, n - 1, n - 1) for n in range(1, 40)]),
    ],
)  # fmt: skip
def test_bombs_and_garbage_are_refused(data: bytes) -> None:
    assert survives(data) is None


def test_owners_in_a_circle_end() -> None:
    first = pod("a", ("Job", "b"), {}, {"containers": [{"name": "x", "image": "x:1"}]}, "")
    items = [first]
    for name, owner in (("b", "c"), ("c", "b")):
        items.append(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {
                    "name": name,
                    "namespace": "harbour",
                    "ownerReferences": [{"kind": "Job", "name": owner, "controller": True}],
                },
                "spec": {},
            }
        )
    assert survives(as_json(items)) is not None


def test_many_pods_are_read_at_once() -> None:
    spec = {"containers": [{"name": "x", "image": "x:1"}]}
    items = [
        pod(
            f"web-5d-{number}",
            ("ReplicaSet", "web-5d"),
            {"pod-template-hash": "5d"},
            spec,
            f"x@sha256:{number % 3:064x}",
        )
        for number in range(30_000)
    ]
    (dump,) = read_dumps([("x", as_json(items))], Said(cluster="c"))
    found = next(each for each in dump.discovery.assets if each.ref.key == "c/harbour/Deployment/web")
    assert (found.facts["running"], len(found.facts["images"])) == (30_000, 3)
