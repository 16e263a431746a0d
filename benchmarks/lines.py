"""The lines of the benchmark: what each measures, beside which limit, and what it must reach. Tables and docs come from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Line:
    """One thing that is measured."""

    key: str
    title: str
    unit: str
    sentence: str
    limit: str = ""
    """What stands beside it, in words."""
    target: float | None = None
    judged: Literal["value", "ratio"] = "value"
    """Whether the target is for the figure itself or for its ratio to the limit."""
    more_is_better: bool = False

    def met(self, value: float, ratio: float | None) -> bool | None:
        """Tell whether a figure reaches the target, None where there is none or nothing to judge it by."""
        told = value if self.judged == "value" else ratio
        if self.target is None or told is None:
            return None
        return told >= self.target if self.more_is_better else told <= self.target

    @property
    def goal(self) -> str:
        """Return the target for people."""
        if self.target is None:
            return "none"
        unit = " times the limit" if self.judged == "ratio" else f" {self.unit}"
        return f"{'≥' if self.more_is_better else '≤'} {self.target:,g}{unit}"


_PLAIN = "typed decode of the same bytes into ordinary structs, Python's garbage collector as it is by default"
_BARE = "the same decode into the parser's own structs, collector off"
_FLOOR = "the floor: typed decode, one bulk insert, one upsert into 12 columns with four indexes"
_APART = "the same import with nothing compared: each finding an issue of its own"

_OWN = "typed decode of the same bytes into the parser's own rows, collector off; of XML, lxml's elements alone"
JSON = (
    "sarif", "trivy", "grype", "semgrep", "snyk", "npm-audit", "osv-scanner", "gitleaks", "checkov", "prowler", "cyclonedx",
)  # fmt: skip
XML = ("zap", "dependency-check")

LINES: dict[str, Line] = {
    line.key: line
    for line in (
        Line("parse.sarif", "read SARIF", "s", "Open the file, recognise it, decode it and use up all findings, in one thread.",
             _PLAIN, 2, "ratio"),
        Line("parse.sarif.bare", "read SARIF, bare limit", "s", "The same, beside the fastest decode that is known: nothing is tracked, nothing interrupts.",
             _BARE),
        Line("parse.trivy", "read Trivy", "s", "The same for a Trivy report in which every finding is a CVE of its own.", _PLAIN, 2, "ratio"),
        Line("parse.trivy.bare", "read Trivy, bare limit", "s", "The same for Trivy.", _BARE),
        *(Line(f"rate.{name}", f"rate of {name}", "findings/s",
               "Findings by processor second on one core: open, recognise, decode, use up all findings.",
               _OWN, 30_000 if name in XML else 100_000, more_is_better=True) for name in JSON + XML),
        Line("import.sarif", "first import, SARIF", "findings/s",
             "`import_file` into an empty database, from the file to the commit: reading, keeping the report, findings, issues, scores.",
             _FLOOR, 20_000, more_is_better=True),
        Line("import.trivy", "first import, Trivy", "findings/s", "The same for a Trivy report in which every finding is a CVE of its own.",
             _FLOOR, 20_000, more_is_better=True),
        Line("again.changed", "import again, 1 % changed", "findings/s",
             "The next scan: a hundredth of the findings has another line and another message.", "first import in this run", 60_000, more_is_better=True),
        Line("again.rows", "rows written for 1 % changed", "rows", "Rows inserted, updated and deleted in all tables, as the database counts them.",
             "findings that changed"),
        Line("again.same", "the same file again", "findings/s", "The file that was imported last, byte for byte.", "first import in this run",
             60_000, more_is_better=True),
        Line("again.same.rows", "rows written for the same file", "rows", "As above: they must not depend on the size of the report."),
        Line("grown.import", "first import, ten times as many there", "findings/s",
             "A new application's report, where others hold ten times as many findings.", "the same into an empty database", 20_000, more_is_better=True),
        Line("gate.baseline", "gate with a baseline", "s", "`seamark gate` in a fresh process, from its start to its verdict: 10,000 findings, of which a hundredth changed since the baseline; starter policies.",
             "`seamark --version`", 1.5),
        Line("gate.all", "gate without one", "s", "The same where every issue counts as new.", "`seamark --version`", 1.5),
        Line("correlation.one.time", "import beside another tool", "s",
             "A new tool's report of a repository of which another one holds as many findings, nine times as many of other applications beside them; "
             "three in ten lie at or near one of them, of the same weakness.", _APART, 1.5, "ratio"),
        Line("correlation.one.memory", "memory beside another tool", "MB", "Largest resident set of the importing process (`VmHWM`).", _APART, 300),
        Line("correlation.one.joined", "findings that joined another tool's", "findings",
             "New findings that are evidence of an issue that others, or the report itself, have already."),
        Line("correlation.time", "import beside ten other tools", "s",
             "A new tool's report of a repository of which ten others hold ten times as many findings; three in ten lie at or near one of them, of the "
             "same weakness.", _APART, 1.5, "ratio"),
        Line("correlation.memory", "memory beside ten other tools", "MB", "Largest resident set of the importing process (`VmHWM`).", _APART, 300),
        Line("correlation.joined", "findings that joined one of the ten's", "findings",
             "New findings that are evidence of an issue that others, or the report itself, have already."),
        Line("memory.peak", "memory, SARIF of 1 GB", "MB", "Largest resident set of the importing process (`VmHWM`), pages of the mapped file included.",
             target=300),
        Line("memory.own", "of this the process's own", "MB", "Largest `RssAnon`: what could not be given back under pressure."),
        Line("memory.rate", "import of that report", "findings/s", "How fast the large report is imported."),
        Line("storage.sarif", "storage, SARIF", "bytes/finding",
             "The whole database after the first import, indexes, evidence and the kept report included, by the number of findings.", target=1500),
        Line("storage.trivy", "storage, Trivy", "bytes/finding", "The same for Trivy.", target=1500),
        Line("lists.typical", "issue list, statements, median", "ms",
             "The statements of one list page (rows, tools, bounded count) over all questions of the benchmark."),
        Line("lists.p95", "issue list, statements, p95", "ms", "The same, 95th percentile over all questions.", target=150),
        Line("lists.worst", "issue list, slowest question, p95", "ms", "The 95th percentile of the slowest question: any list must keep the target.",
             target=150),
        Line("pages.typical", "issue list, whole page, median", "ms",
             "The web page as the server answers it, with facets, counts and rendering, over the same questions."),
        Line("pages.p95", "issue list, whole page, p95", "ms", "The same, 95th percentile over all questions.", target=150),
        Line("pages.worst", "issue list, slowest page, p95", "ms", "The 95th percentile of the slowest page.", target=150),
        Line("rescore", "score anew after a feed", "issues/s",
             "A new EPSS file for every CVE in the database: store it, and score all issues that it concerns.", target=33_333, more_is_better=True),
        Line("reweigh.one", "another risk profile, one weight", "s",
             "A third more weight for reach: score all issues anew, write those that moved, and an event for each that moved a point or more.", target=30),
        Line("reweigh.all", "another risk profile, every score", "s", "The same with another starting point: nearly every row is written.", target=30),
        Line("preview.first", "preview of a risk profile", "s", "What a profile would move of all open issues, asked for the first time: the database groups them.",
             target=2),
        Line("preview.again", "the same, moved again", "s", "With another weight within a minute: the groups are kept.", target=2),
        Line("ledger.append", "ledger: entries added", "entries/s", "Decisions of triage, ten thousand in a transaction.", more_is_better=True),
        Line("ledger.prove", "ledger: proof of an entry, p95", "ms", "Proofs of entries all over the ledger, each read from the database.", target=50),
        Line("ledger.export", "ledger: export", "s", "All entries, checkpoints and tiles into a folder."),
        Line("ledger.verify", "ledger: verify an export", "s", "Every entry, hash, tile and signature of an export, without a database.", target=60),
        Line("deploy.warm", "deploy gate, warm, p95", "ms",
             "Answers of the admission webhook while nothing has changed, from the request to the last byte: one image a review, starter policies.", target=20),
        Line("deploy.warm.typical", "deploy gate, warm, median", "ms", "The same, median."),
        Line("deploy.cold", "deploy gate, first time, p95", "ms", "An image that was not asked about: facts, policies, verdict and ledger entry."),
        Line("deploy.cold.typical", "deploy gate, first time, median", "ms", "The same, median."),
        Line("graph.blast", "blast radius of a package, p95", "ms",
             "Packages of all degrees of fame: the first 10,000 assets reached, counted by kind, with a page of them; statements a step, nothing kept.",
             target=200),
        Line("graph.path", "shortest way to data, p95", "ms", "From the same packages to the nearest class of data, with the proof of each step.", target=200),
        Line("graph.exposure", "way from the internet, p95", "ms", "From the nearest asset that the internet reaches to the same packages.", target=200),
        Line("graph.exact", "blast radius in memory, p95", "ms", "Every asset that is reached, however many, in a graph that is loaded.", target=200),
        Line("graph.load", "load the graph", "s", "All relations from the database into arrays, for questions about everything."),
    )
}  # fmt: skip
