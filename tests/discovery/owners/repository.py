"""Small git repositories with several people in them."""

from __future__ import annotations

import subprocess
from pathlib import Path

DAY = 86_400
NOW = 1_780_000_000
"""The newest commit of a made history is made then."""


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, at: int = NOW) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@shop.example", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", self.root, *who, *arguments],
            capture_output=True,
            check=True,
            text=True,
            env={
                "PATH": "/usr/bin:/bin:/usr/local/bin",
                "GIT_COMMITTER_DATE": f"{at} +0000",
                "GIT_CONFIG_GLOBAL": "/dev/null",
            },
        )
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def commit(self, who: str = "Ada Buoy <ada@shop.example>", *, days_ago: int = 0, message: str = "x") -> str:
        at = NOW - days_ago * DAY
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", f"--author={who}", f"--date={at} +0000", "-m", message, at=at)
        return self.git("rev-parse", "HEAD")


def numbered(first: int, last: int) -> str:
    return "".join(f"line {number}\n" for number in range(first, last + 1))
