"""Tables fit where they are printed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seamark.interfaces.cli.table import Column, Words, cells, lay_out, one_line, printable, shortened, wrapped

WIDE = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)


def drawn(columns: list[Column], rows: list[list[str]], width: int) -> list[str]:
    lines = lay_out(columns, [[Words(text) for text in row] for row in rows], width)
    return ["".join(part.text for part in line).rstrip() for line in lines]


def test_columns_are_as_wide_as_needed() -> None:
    assert drawn(
        [Column("A"), Column("Number", right=True), Column("Last")], [["one", "1", "x"], ["three", "22", "y"]], 80
    ) == [
        "A      Number  Last",
        "───────────────────",
        "one         1  x",
        "three      22  y",
    ]


def test_widest_column_gives_way_first_and_none_vanishes() -> None:
    found = drawn(
        [Column("A", least=4), Column("Path", least=6, fit="cut start")], [["short", "a/very/long/path.py"]], 16
    )
    assert found[2] == "short  …/path.py"
    assert drawn([Column("A", least=4), Column("B", least=4)], [["a" * 50, "b" * 50]], 3)[2] == "aaa…  bbb…"


def test_wrapping_keeps_all_words() -> None:
    lines = drawn(
        [Column("No"), Column("Text", least=10, fit="wrap")],
        [["1", "the quick brown fox jumps over abcdefghijklmnopqrstuvwxyz"]],
        20,
    )
    assert all(cells(line) <= 20 for line in lines)
    assert (
        "".join(line[4:] for line in lines[2:]).replace(" ", "")
        == "thequickbrownfoxjumpsoverabcdefghijklmnopqrstuvwxyz"
    )


def test_cell_of_several_texts() -> None:
    lines = lay_out([Column("A"), Column("B")], [[Words("x"), (Words("title"), Words("reason", "dim"))]], 80)
    *_, first, second = [[part for part in line if part.text.strip()] for line in lines]
    assert first == [Words("x"), Words("title")]
    assert second == [Words("reason", "dim")]


def test_long_lists_are_printed_as_they_come() -> None:
    taken = []

    def rows():
        for number in range(2000):
            taken.append(number)
            yield [Words(str(number))]

    lines = lay_out([Column("No")], rows(), 80)
    assert next(lines)
    assert len(taken) == 500
    assert sum(1 for _ in lines) == 2001


@given(WIDE, st.integers(1, 30))
def test_shortened_fits(text: str, width: int) -> None:
    plain = one_line(text)
    for start in (False, True):
        found = shortened(plain, width, start=start)
        assert cells(found) <= width
        assert found == plain or "…" in found


@given(WIDE, st.integers(2, 30))
def test_wrapped_fits_and_loses_nothing(text: str, width: int) -> None:
    plain = one_line(text)
    found = wrapped(plain, width)
    assert all(cells(line) <= width for line in found)
    assert "".join(found).replace(" ", "") == plain.replace(" ", "")


@given(st.text())
def test_nothing_moves_the_cursor(text: str) -> None:
    assert one_line(text).isprintable()
    assert printable(text, keep="\n").replace("\n", "").isprintable()
