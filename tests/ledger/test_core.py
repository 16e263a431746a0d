"""The tree, its proofs, canonical JSON and signed notes, against published examples and a plain implementation."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.governance.ledger import note, proofs, tree
from seamark.governance.ledger.canonical import canonical, digest
from seamark.governance.ledger.checkpoint import Head, open_head, read_head, sign_head
from seamark.governance.ledger.entry import Attested, Decision, content_of, plain, read_entry
from seamark.governance.ledger.folder import numbered, tile_path
from seamark.governance.ledger.note import InvalidNote

LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def plain_root(hashes: Sequence[bytes]) -> bytes:
    """The definition of RFC 9162, as it stands there."""
    if len(hashes) < 2:
        return hashes[0] if hashes else tree.EMPTY
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return tree.node_hash(plain_root(hashes[:split]), plain_root(hashes[split:]))


class Kept:
    """A tree in memory as the database keeps it."""

    def __init__(self, size: int) -> None:
        self.leaves = [tree.leaf_hash(str(at).encode()) for at in range(size)]
        self.nodes = {(one.level, one.place): one.hash for one in tree.Growing().add(self.leaves)}

    def read(self, level: int, place: int, count: int) -> list[bytes]:
        if level == 0:
            return self.leaves[place : place + count]
        return [self.nodes[level, at] for at in range(place, place + count)]


BIG = Kept(66_000)


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    hashes = [tree.leaf_hash(leaf) for leaf in LEAVES[:size]]
    growing = tree.Growing()
    growing.add(hashes)
    assert growing.root().hex() == tree.root_of(hashes).hex() == ROOTS[size - 1]
    assert tree.Growing().root() == tree.EMPTY == tree.root_of([])


@given(st.lists(st.integers(0, 700), max_size=6))
def test_a_tree_grown_in_any_steps_is_the_tree(steps: list[int]) -> None:
    growing, made, at = tree.Growing(), {}, 0
    for step in steps:
        for node in growing.add(BIG.leaves[at : at + step]):
            made[node.level, node.place] = node.hash
        at += step
    assert growing.size == at
    assert growing.root() == plain_root(BIG.leaves[:at])
    assert made == {key: hash for key, hash in BIG.nodes.items() if key[0] == 1 and (key[1] + 1) * 256 <= at}


@given(st.integers(0, 66_000))
def test_a_tree_goes_on_from_its_edge(size: int) -> None:
    edge = [BIG.read(*part) for part in tree.edge_of(size)]
    growing = tree.Growing(size, edge)
    assert growing.root() == proofs.root(BIG.read, size)
    growing.add(BIG.leaves[size:])
    assert growing.root() == proofs.root(BIG.read, 66_000)


def test_the_large_root_is_that_of_the_definition() -> None:
    assert proofs.root(BIG.read, 66_000) == plain_root(BIG.leaves)


@given(st.data())
def test_inclusion(data: st.DataObject) -> None:
    size = data.draw(st.one_of(st.integers(1, 600), st.integers(65_400, 66_000)))
    index = data.draw(st.integers(0, size - 1))
    root = proofs.root(BIG.read, size)
    path = proofs.inclusion(BIG.read, index, size)
    leaf = BIG.leaves[index]
    assert proofs.check_inclusion(leaf, index, size, path, root)
    assert not proofs.check_inclusion(leaf, index + 1, size, path, root)
    assert not proofs.check_inclusion(tree.leaf_hash(b"other"), index, size, path, root)
    assert not proofs.check_inclusion(leaf, index, size, [*path, root], root)
    if path:
        assert not proofs.check_inclusion(leaf, index, size, path[:-1], root)
        at = data.draw(st.integers(0, len(path) - 1))
        assert not proofs.check_inclusion(leaf, index, size, [*path[:at], root, *path[at + 1 :]], root)


@given(st.data())
def test_consistency(data: st.DataObject) -> None:
    second = data.draw(st.one_of(st.integers(1, 600), st.integers(65_400, 66_000)))
    first = data.draw(st.integers(0, second))
    old, new = proofs.root(BIG.read, first), proofs.root(BIG.read, second)
    path = proofs.consistency(BIG.read, first, second)
    assert proofs.check_consistency(first, second, old, new, path)
    other = tree.leaf_hash(b"other")
    assert not proofs.check_consistency(first, second, other, new, path)
    assert first == 0 or not proofs.check_consistency(first, second, old, other, path)
    assert not proofs.check_consistency(first, second, old, new, [*path, other])
    assert not proofs.check_consistency(second + 1, second, old, new, path)
    if path:
        assert not proofs.check_consistency(first, second, old, new, path[1:])


def test_proofs_of_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="no entry 5"):
        proofs.inclusion(BIG.read, 5, 5)
    with pytest.raises(ValueError, match="has not grown"):
        proofs.consistency(BIG.read, 6, 5)


NUMBERS = {
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324", "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "4340000000000000": "9007199254740992", "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22", "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000", "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7", "3eb0c6f7a0b5ed8d": "0.000001", "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325", "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip
"""IEEE 754 in hexadecimal and as JSON: appendix B of RFC 8785."""


@pytest.mark.parametrize(("bits", "written"), NUMBERS.items())
def test_published_numbers(bits: str, written: str) -> None:
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == written


def test_published_object() -> None:
    """The example of RFC 8785, 3.2.2 and 3.2.3."""
    value = json.loads(
        r'{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
        r'"string":"\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}'
    )
    assert canonical(value) == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    order = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(canonical(order)).values()) == [2, 4, 6, 7, 1, 5, 3]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), inner, max_size=4),
)  # fmt: skip


@given(VALUES)
def test_canonical_json_reads_back_and_is_one(value: object) -> None:
    text = canonical(value)
    assert json.loads(text, parse_int=float) == json.loads(json.dumps(value), parse_int=float)
    assert canonical(json.loads(text)) == text
    assert digest(value) != digest([value])


@pytest.mark.parametrize(
    "value", [2**53 + 1, 10**400, float("nan"), float("inf"), {1: 2}, "\ud800", object(), {"a": {1, 2}}]
)
def test_what_has_no_canonical_form(value: object) -> None:
    with pytest.raises(ValueError, match=r"canonical form|exact"):
        canonical(value)


def test_too_deep_has_no_canonical_form() -> None:
    value: list[object] = []
    for _ in range(70):
        value = [value]
    with pytest.raises(ValueError, match="levels"):
        canonical(value)


def test_plain_values() -> None:
    at = datetime(2026, 11, 22, 9, 30, 0, 12, tzinfo=UTC)
    assert plain({"at": at, "on": date(2026, 1, 2), "sum": Decimal("10.50"), "big": 2**60, "raw": b"\x01", "set": {"b", "a"}}) == {
        "at": "2026-11-22T09:30:00.000012Z", "on": "2026-01-02", "sum": "10.5", "big": str(2**60), "raw": "01", "set": ["a", "b"],
    }  # fmt: skip
    assert plain("half \ud800") == "half ?"
    assert plain(Decimal("1E+3")) == "1000"
    with pytest.raises(ValueError, match="cannot stand"):
        plain(object())
    with pytest.raises(ValueError, match="time zone"):
        plain(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_an_entry_is_read_back() -> None:
    decision = Decision(
        "verdict", "build 7", {"outcome": "block"}, "ada", {"facts": [1]}, [Attested("t", [3], {"a": None}, ["b"])]
    )
    entry = read_entry(content_of(4, datetime(2026, 1, 1, tzinfo=UTC), decision))
    assert (entry.number, entry.kind, entry.subject, entry.actor, entry.body) == (
        4,
        "verdict",
        "build 7",
        "ada",
        {"outcome": "block"},
    )
    assert (entry.rows[0].ids, entry.rows[0].fields, entry.rows[0].free, entry.rows[0].gone) == (
        (3,),
        {"a": None},
        ("b",),
        False,
    )
    with pytest.raises(ValueError, match="number"):
        read_entry("{}")


PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_published_note() -> None:
    signer, verifier = note.read_signer(PRIVATE), note.read_verifier(PUBLIC)
    assert (str(signer), str(verifier), signer.verifier) == (PRIVATE, PUBLIC, verifier)
    assert PRIVATE.rpartition("+")[2] not in repr(signer)
    signed = note.sign(TEXT, signer)
    assert signed == f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"
    assert note.open_note(signed, verifier) == TEXT


def test_notes_of_several_signers() -> None:
    ours, other = note.new_signer("log.example"), note.new_signer("witness.example")
    signed = note.sign("x\n\ny\n", ours) + note.sign("x\n\ny\n", other).rpartition("\n\n")[2]
    for one in (ours, other):
        assert note.open_note(signed, one.verifier) == "x\n\ny\n"
    with pytest.raises(InvalidNote, match=r"not signed by log\.example"):
        note.open_note(signed, note.new_signer("log.example").verifier)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("answer", "question"),
        lambda text: text.replace("ZJku", "ZJkv"),
        lambda text: text.replace("— ", "- "),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace("is the", "is\tthe"),
        lambda text: text + "x" * 1_000_000,
        lambda text: text.replace("x08go", "!!!"),
    ],
)
def test_spoiled_notes(spoil: object) -> None:
    signed = note.sign(TEXT, note.read_signer(PRIVATE))
    with pytest.raises(InvalidNote):
        note.open_note(spoil(signed), note.read_verifier(PUBLIC))  # type: ignore[operator]


@pytest.mark.parametrize(
    "key", ["", "a+b", PUBLIC.replace("c74f", "c74e"), PUBLIC.replace("ARpc", "Arpc"), PUBLIC[:-4], PRIVATE]
)
def test_spoiled_keys(key: str) -> None:
    with pytest.raises(InvalidNote):
        note.read_verifier(key)


def test_spoiled_signing_keys_are_not_repeated() -> None:
    for key in (PUBLIC, PRIVATE.replace("c74f", "c74e"), PRIVATE[:-4]):
        with pytest.raises(InvalidNote) as refused:
            note.read_signer(key)
        assert "AYEK" not in str(refused.value)
    with pytest.raises(InvalidNote, match="plus"):
        note.new_signer("with space")
    with pytest.raises(InvalidNote, match="line break"):
        note.sign("no end", note.read_signer(PRIVATE))


def test_checkpoints() -> None:
    signer = note.new_signer("seamark.example/ledger")
    head = Head(signer.name, 20_852_163, tree.leaf_hash(b""), "2026-11-22T00:00:00.000000Z")
    signed = sign_head(head, signer)
    assert signed.startswith("seamark.example/ledger\n20852163\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n")
    assert open_head(signed, signer.verifier) == head
    foreign = note.sign(str(head._replace(origin="other.example")), signer)
    with pytest.raises(InvalidNote, match=r"other\.example"):
        open_head(foreign, signer.verifier)


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\nYQ==\n", "a\n-1\nYQ==\n", "a\n1\nYQ==\n", "a\n1\n!\n", "\n1\nYQ==\n"]
)
def test_spoiled_checkpoints(text: str) -> None:
    with pytest.raises(InvalidNote):
        read_head(text)


def test_tiles_are_named_as_c2sp_does() -> None:
    assert [numbered(one) for one in (0, 67, 1234067)] == ["000", "067", "x001/x234/067"]
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(1, 5, 17) == "tile/1/005.p/17"
