"""Reports that name one file from different folders."""

from __future__ import annotations

import pytest

from seamark.pipeline.paths import Shift, shifts

OURS = {"app/db.py", "app/web/views.py", "setup.py"}


def read_as(theirs: set[str], ours: set[str] = OURS) -> set[str]:
    """Return their paths as they are read beside ours."""
    found = shifts({0: ours, 1: theirs})
    assert 0 not in found
    return {found.get(1, Shift()).of(path) for path in theirs}


@pytest.mark.parametrize("root", ["/builds/shop/", "/", "/github/workspace/"])
def test_the_folder_on_the_machine_is_left_out(root: str) -> None:
    theirs = {f"{root}app/db.py", f"{root}app/other.py"}
    assert read_as(theirs) == {"app/db.py", "app/other.py"}


def test_what_lies_deep_is_found() -> None:
    assert read_as({"/src/app/web/views.py"}) == {"app/web/views.py"}


def test_a_bare_name_is_no_reason_to_leave_out_a_folder_that_others_know() -> None:
    assert read_as({"/src/app/setup.py"}) == {"app/setup.py"}
    assert read_as({"/src/setup.py", "/src/x.py"}) == {"setup.py", "x.py"}


def test_a_path_outside_of_the_folder_keeps_all_as_they_are() -> None:
    theirs = {"/src/app/db.py", "/usr/lib/python/os.py"}
    assert read_as(theirs) == theirs


def test_what_nobody_else_names_stays() -> None:
    assert shifts({0: OURS, 1: {"/src/lib/x.py"}, 2: {"other/y.py"}}) == {}
    assert shifts({}) == {}


def test_a_scan_of_a_folder_is_put_there() -> None:
    ours = {"services/orders/app/db.py", "services/orders/app/web.py", "services/shop/app/db.py"}
    assert read_as({"app/db.py", "app/web.py", "app/x.py"}, ours) == {
        "services/orders/app/db.py",
        "services/orders/app/web.py",
        "services/orders/app/x.py",
    }


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"app/db.py"}, {"services/orders/app/db.py", "services/shop/app/db.py"}),
        ({"db.py"}, {"services/orders/db.py"}),
        ({"db.py", "x.py"}, {"db.py", "a/db.py", "a/x.py"}),
    ],
    ids=["two folders would do", "a bare name", "some are there already"],
)
def test_where_it_is_not_clear_nothing_is_put_in_front(theirs: set[str], ours: set[str]) -> None:
    assert read_as(theirs, ours) == theirs


def test_a_scan_from_above_is_brought_down() -> None:
    theirs = {"shop/app/db.py", "shop/setup.py", "shop/app/other.py"}
    assert read_as(theirs) == {"app/db.py", "setup.py", "app/other.py"}
    for unsure in ({"shop/setup.py"}, {"shop/app/db.py", "shop/x.py"}):
        assert read_as(unsure) == unsure


def test_the_folder_that_most_runs_name_is_put() -> None:
    classes = {"shop/Cart.java", "shop/Order.java"}
    whole = {f"src/main/java/{path}" for path in classes}
    found = shifts({0: whole, 1: whole, 2: classes, 3: {"Cart.java", "Order.java"}})
    assert {number: shift.put for number, shift in found.items()} == {2: "src/main/java/", 3: "src/main/java/shop/"}


def test_two_scans_meet_once() -> None:
    found = shifts({0: {"shop/app/db.py"}, 1: {"app/db.py"}})
    assert {found.get(number, Shift()).of(path) for number, path in ((0, "shop/app/db.py"), (1, "app/db.py"))} == {
        "app/db.py"
    }


def test_the_order_of_the_runs_changes_nothing() -> None:
    runs = [OURS, {"/builds/a/app/db.py"}, {"/src/app/web/views.py"}]
    told = shifts(dict(enumerate(runs)))
    turned = shifts(dict(enumerate(reversed(runs))))
    assert {2 - number: shift for number, shift in turned.items()} == told
    assert len(told) == 2
