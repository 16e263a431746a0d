"""Command lines of clouds that answer from a table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SCRIPT = """#!{python}
import json, os, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps([words, {{k: v for k, v in os.environ.items() if k.startswith(("AWS_", "CLOUDSDK_", "AZURE_", "SEAMARK_"))}}]) + "\\n")
for command, said in json.load(open({table!r})):
    if words[:len(command)] == command:
        sys.stderr.write(said.get("err", ""))
        sys.stdout.write(said["out"] if isinstance(said.get("out"), str) else json.dumps(said.get("out")))
        sys.exit(said.get("code", 0))
sys.stderr.write("unknown command " + " ".join(words))
sys.exit(2)
"""


class Fake:
    """A program on the PATH; `says` maps beginnings of command lines to answers, the longest beginning wins."""

    def __init__(self, folder: Path, name: str) -> None:
        self._table, self._log = folder / f"{name}.table", folder / f"{name}.log"
        path = folder / name
        path.write_text(SCRIPT.format(python=sys.executable, log=str(self._log), table=str(self._table)))
        path.chmod(0o755)
        self._says: dict[str, dict[str, Any]] = {}

    def says(self, command: str, out: Any = None, *, err: str = "", code: int = 0) -> None:
        self._says[command] = {"out": out, "err": err, "code": code}
        rows = sorted(([key.split(" "), value] for key, value in self._says.items()), key=lambda row: -len(row[0]))
        self._table.write_text(json.dumps(rows))

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line)[0] for line in self._log.read_text().splitlines()]

    @property
    def variables(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._log.read_text().splitlines()[-1])[1]
        return found
