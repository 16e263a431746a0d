"""Parquet: what is exported is what the table holds, once; and DuckDB answers from the folder and from nothing else."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from django.db.models import Sum

from seamark.core.errors import NotAllowed, NotFound
from seamark.insight.exports.parquet import STATE, TABLES, VERSION
from seamark.insight.exports.questions import query
from seamark.pipeline.metrics import nightly, recording
from seamark.pipeline.metrics.export import export
from seamark.store.models import Application, Issue, IssueFact

pytestmark = pytest.mark.django_db


def test_the_folder_answers_as_the_table_does(estate: datetime, tmp_path: Path) -> None:
    told = export(str(tmp_path))
    assert told.issue_facts == IssueFact.objects.count()
    assert told.applications == Application.objects.count()
    asked = "SELECT count(*), sum(open_change), sum(risk_change) FROM issue_facts"
    sums = IssueFact.objects.aggregate(open=Sum("open_change"), risk=Sum("risk_change"))
    assert query(tmp_path, asked).rows == [(told.issue_facts, sums["open"], sums["risk"])]
    by = query(tmp_path, "SELECT change, count(*) FROM issue_facts GROUP BY 1")
    assert dict(by.rows)["fixed"] == IssueFact.objects.filter(change=3).count()
    joined = "SELECT a.slug, sum(open_change) FROM issue_facts f JOIN applications a ON a.id = f.application GROUP BY 1 HAVING sum(open_change) > 0"
    assert dict(query(tmp_path, joined).rows) == {
        one.slug: number for one in Application.objects.all() if (number := Issue.objects.filter(application=one, open=True).count())
    }  # fmt: skip


def test_a_second_run_adds_what_is_new(estate: datetime, tmp_path: Path) -> None:
    export(str(tmp_path))
    assert export(str(tmp_path)).issue_facts == 0
    issue = Issue.objects.filter(open=True).order_by("pk")[0]
    Issue.objects.filter(pk=issue.pk).update(risk=issue.risk - 1)
    recording.record(estate + timedelta(days=1))
    assert export(str(tmp_path)).issue_facts == 1
    found = query(tmp_path, "SELECT count(*), count(DISTINCT id) FROM issue_facts").rows[0]
    assert found == (IssueFact.objects.count(),) * 2
    state = json.loads((tmp_path / STATE).read_text())
    assert state["tables"]["issue_facts"]["rows"] == found[0]


def test_the_schema_is_the_documented_one_and_has_a_version(estate: datetime, tmp_path: Path) -> None:
    export(f"file://{tmp_path}")
    for table, columns in TABLES.items():
        (part,) = sorted((tmp_path / table).glob("*.parquet"))
        schema = pq.read_schema(part)
        assert schema.names == list(columns)
        assert schema.metadata[b"seamark.schema"] == str(VERSION).encode()
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    text = page.read_text()
    assert all(f"`{column}`" in text for columns in TABLES.values() for column in columns)
    state = json.loads((tmp_path / STATE).read_text())
    (tmp_path / STATE).write_text(json.dumps({**state, "version": VERSION + 1}))
    with pytest.raises(NotAllowed, match="another version"):
        export(str(tmp_path))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{folder}/seamark-export.json')",
        "COPY issue_facts TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access=true",
        "SET autoinstall_known_extensions=true",
        "SELECT * FROM 'https://example.invalid/x.parquet'",
        "nonsense",
    ],
)
def test_a_question_reaches_nothing_but_the_tables(estate: datetime, tmp_path: Path, sql: str) -> None:
    export(str(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NotAllowed, match="DuckDB refuses"):
        query(tmp_path, sql.format(folder=tmp_path))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_long_answer_is_cut_and_says_so(estate: datetime, tmp_path: Path) -> None:
    export(str(tmp_path))
    found = query(tmp_path, "SELECT id FROM issue_facts ORDER BY id", most=7)
    assert (len(found.rows), found.more, found.columns) == (7, True, ["id"])


def test_a_folder_without_an_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="holds no export"):
        query(tmp_path, "SELECT 1")
    with pytest.raises(NotAllowed, match="no address of object storage"):
        export("nowhere://bucket/x")


def test_another_program_reads_the_folder(estate: datetime, tmp_path: Path) -> None:
    export(str(tmp_path))
    with duckdb.connect() as other:
        found = other.execute(f"SELECT count(*) FROM '{tmp_path}/issue_facts/*.parquet'").fetchone()
    assert found == (IssueFact.objects.count(),)


def test_the_night_records_and_exports_once(estate: datetime, tmp_path: Path) -> None:
    tomorrow = estate + timedelta(days=1)
    assert nightly.run(str(tmp_path), tomorrow) is not None
    assert nightly.run(str(tmp_path), tomorrow) is None
    assert (tmp_path / STATE).is_file()
