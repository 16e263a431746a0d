"""Verifies an evidence pack without Seamark, without a network and without anything beyond Python's standard library.

    python3 verify.py PACK.zip --key NAME+ID+KEY

It checks that every file is the one that the manifest lists, that the manifest is the one that the ledger recorded, that the
ledger's checkpoint is signed with the key, and that every piece of evidence has its entry in the ledger. The key has to come
from elsewhere than the pack, and so should this script: whoever can forge a pack can put both beside it.

Exit codes: 0 all is as signed, 1 something is not, 2 it could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

FORMAT = "seamark-compliance-pack/1"
LARGEST_FILE = 2_000_000_000
LARGEST_NOTE = 16_000_000
MOST_FILES = 200_000
OUTSIDE = ("manifest.json", "seal.json")
"""What the manifest cannot list: itself, and what is known only once it is written."""
P = 2**255 - 19
"""The field of Ed25519."""
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
"""A square root of -1."""


class Unusable(Exception):
    """What cannot be checked at all."""


# --- Ed25519 (RFC 8032), verification only. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.


def add(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return the sum of two points."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return a multiple of a point."""
    found = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = add(found, point)
        point = add(point, point)
        factor >>= 1
    return found


def same(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Tell whether two points are one."""
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


def point_of(raw: bytes) -> tuple[int, int, int, int] | None:
    """Return the point that 32 bytes stand for, None for those that stand for none."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if len(raw) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_of(bytes([0x58]) + bytes([0x66]) * 31)


def signed(key: bytes, signature: bytes, text: bytes) -> bool:
    """Tell whether a signature of a text was made with the key's secret half."""
    whose, nonce = point_of(key), point_of(signature[:32])
    if len(signature) != 64 or whose is None or nonce is None or BASE is None:
        return False
    # A key of small order would accept signatures that nobody made.
    if same(times(8, whose), (0, 1, 1, 0)):
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= ORDER:
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    return same(times(scalar, BASE), add(nonce, times(hashed, whose)))


# --- The ledger: signed notes, checkpoints and inclusion proofs (C2SP, RFC 9162).


def read_key(text: str) -> tuple[str, bytes, bytes]:
    """Return name, id and key of a verifier's key `name+id+key`."""
    name, _, rest = text.strip().partition("+")
    number, _, blob = rest.partition("+")
    raw = decoded(blob)
    identity = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if len(raw) != 33 or raw[0] != 1 or identity.hex() != number:
        raise Unusable("The key is no verifier's key of the form name+id+key")
    return name, identity, raw[1:]


def checkpoint_of(note: str, key: tuple[str, bytes, bytes]) -> tuple[int, bytes]:
    """Return size and root of a checkpoint that the key has signed. Raises `ValueError`."""
    name, identity, raw = key
    text, gap, below = note.rpartition("\n\n")
    ours = []
    for line in below.split("\n")[:100]:
        dash, _, rest = line.partition(" ")
        signer, _, blob = rest.partition(" ")
        found = decoded(blob)
        if dash == "\N{EM DASH}" and signer == name and found[:4] == identity:
            ours.append(found[4:])
    text += "\n"
    if not gap or not ours or not all(signed(raw, one, text.encode()) for one in ours):
        raise ValueError(f"the checkpoint is not signed by {name} with the key {identity.hex()}")
    lines = text.split("\n")
    root = decoded(lines[2]) if len(lines) > 3 else b""
    if lines[0] != name or len(root) != 32 or not lines[1].isdigit():
        raise ValueError("the checkpoint names no log, size and root")
    return int(lines[1]), root


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Tell whether a proof shows that an entry's hash is in the tree with this root."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for part in path:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = hashlib.sha256(b"\x01" + part + found).digest()
            while not at % 2 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + part).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def proven(proof: Any, note: Any, key: tuple[str, bytes, bytes]) -> dict[str, Any]:
    """Return the entry that a proof shows to be in the signed ledger. Raises `ValueError`."""
    if not isinstance(proof, dict) or not isinstance(note, str):
        raise ValueError("there is no proof")  # noqa: TRY004 - one failure for all that is wrong with a pack
    size, root = checkpoint_of(note, key)
    entry, index, hashes = proof.get("entry"), proof.get("index"), proof.get("hashes")
    if not isinstance(entry, str) or type(index) is not int or not isinstance(hashes, list):
        raise ValueError("the proof is not whole")
    leaf = hashlib.sha256(b"\x00" + entry.encode("utf-8", "replace")).digest()
    if proof.get("size") != size or not included(leaf, index, size, [decoded(one) for one in hashes], root):
        raise ValueError(f"entry {index} is not in the ledger as it was signed")
    told = json.loads(entry)
    if not isinstance(told, dict) or told.get("number") != index or not isinstance(told.get("body"), dict):
        raise ValueError(f"what stands at entry {index} is another one")
    return told


def decoded(text: Any) -> bytes:
    """Return what Base64 stands for, nothing for what is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return b""


# --- The pack.


class Source:
    """The files of a pack, a ZIP file or the folder that it was unpacked to. Nothing outside is read."""

    def __init__(self, path: Path) -> None:
        self.folder = path if path.is_dir() else None
        self.faults: list[str] = []
        if self.folder is not None:
            found = [one for one in self.folder.rglob("*") if one.is_symlink() or not one.is_dir()]
            self.faults += [f"{one.name} is a link" for one in found if one.is_symlink()]
            self.names = [one.relative_to(self.folder).as_posix() for one in found if not one.is_symlink()]
            return
        try:
            self.archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise Unusable(f"{path.name} is neither a pack nor a folder: {error}") from None
        listed = [one.filename for one in self.archive.infolist()]
        self.names = list(dict.fromkeys(listed))
        self.faults += [f"{one} is in it {listed.count(one)} times" for one in self.names if listed.count(one) > 1]

    def pieces(self, name: str, most: int) -> Any:
        """Yield what a file holds, piece by piece. Raises `ValueError` for what is larger or broken."""
        try:
            with self.archive.open(name) if self.folder is None else (self.folder / name).open("rb") as file:
                while piece := file.read(1 << 20):
                    most -= len(piece)
                    if most < 0:
                        raise ValueError("it is larger than it can be")
                    yield piece
        except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, KeyError) as error:
            raise ValueError(f"it cannot be read ({error})") from None

    def digest(self, name: str) -> tuple[str, int]:
        """Return a file's hash and size."""
        hashed, size = hashlib.sha256(), 0
        for piece in self.pieces(name, LARGEST_FILE):
            hashed.update(piece)
            size += len(piece)
        return hashed.hexdigest(), size

    def document(self, name: str) -> Any:
        """Return a JSON file, None where there is none. Raises `ValueError`."""
        return json.loads(b"".join(self.pieces(name, LARGEST_NOTE))) if name in self.names else None


class Verdict:
    """What a verification came to."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.files = 0
        self.entries = 0
        self.digest = ""
        self.about: dict[str, Any] = {}


def verify(path: Path, key_text: str) -> Verdict:
    """Verify a pack with the ledger's key. Raises `Unusable` for what is no pack, or no key."""
    key = read_key(key_text)
    source, told = Source(path), Verdict()
    told.faults += source.faults
    if len(source.names) > MOST_FILES:
        raise Unusable(f"{path.name} has more than {MOST_FILES:,} files")
    try:
        listed = source.document("manifest.json")
    except ValueError as error:
        raise Unusable(f"manifest.json: {error}") from None
    if not isinstance(listed, dict) or listed.get("format") != FORMAT or not isinstance(listed.get("files"), dict):
        raise Unusable(f"{path.name} has no manifest of the form {FORMAT}: it is no evidence pack")
    told.about = {name: value for name, value in listed.items() if name != "files"}
    hashes = check_files(source, listed["files"], told)
    told.digest = source.digest("manifest.json")[0]
    check_seal(source, told, key)
    check_evidence(source, hashes, told, key)
    return told


def check_files(source: Source, listed: dict[str, Any], told: Verdict) -> dict[str, str]:
    """Compare the files with the manifest; return the hashes of those that fit, by path."""
    hashes: dict[str, str] = {}
    told.faults += [f"{one} is missing" for one in sorted(set(listed) - set(source.names))]
    told.faults += [
        f"{one} is not of this pack" for one in sorted(set(source.names) - set(listed)) if one not in OUTSIDE
    ]
    for name in sorted(set(listed) & set(source.names)):
        wanted = listed[name] if isinstance(listed[name], dict) else {}
        try:
            found, size = source.digest(name)
        except ValueError as error:
            told.faults.append(f"{name}: {error}")
            continue
        if found != wanted.get("sha256") or size != wanted.get("size"):
            told.faults.append(f"{name} was changed")
        else:
            hashes[name] = found
    told.files = len(hashes)
    return hashes


def check_seal(source: Source, told: Verdict, key: tuple[str, bytes, bytes]) -> None:
    """Check that the ledger has recorded this manifest."""
    try:
        seal = source.document("seal.json")
        if seal is None:
            raise ValueError("there is none: nothing vouches for this pack")
        entry = proven(seal, seal.get("checkpoint") if isinstance(seal, dict) else None, key)
        if entry.get("kind") != "compliance_pack" or entry["body"].get("manifest") != told.digest:
            told.faults.append("manifest.json was changed: the ledger has recorded another one")
    except ValueError as error:
        told.faults.append(f"seal.json: {error}")


def check_evidence(source: Source, hashes: dict[str, str], told: Verdict, key: tuple[str, bytes, bytes]) -> None:
    """Check that each piece of evidence has an entry in the ledger that names its hash."""
    try:
        kept = source.document("ledger/proofs.json")
    except ValueError as error:
        told.faults.append(f"ledger/proofs.json: {error}")
        return
    proofs = kept.get("entries") if isinstance(kept, dict) else None
    shown = set()
    for one in proofs if isinstance(proofs, list) else []:
        where = str(one.get("file") or one.get("evidence")) if isinstance(one, dict) else "?"
        try:
            entry = proven(one.get("proof"), kept.get("checkpoint"), key)
            file = one.get("file")
            digest = one.get("sha256")
            if entry["body"].get("digest") != digest or (file and hashes.get(file) != digest):
                told.faults.append(f"{where}: its entry in the ledger names another hash")
                continue
            shown.add(file)
            told.entries += 1
        except (ValueError, AttributeError) as error:
            told.faults.append(f"{where}: {error}")
    told.faults += [
        f"{one} has no entry in the ledger"
        for one in sorted(hashes)
        if one.startswith("evidence/") and one not in shown
    ]


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line names and say what came of it."""
    parser = argparse.ArgumentParser(description="Verify an evidence pack offline.")
    parser.add_argument("pack", nargs="?", default=".", help="the ZIP file, or the folder that it was unpacked to")
    parser.add_argument("--key", required=True, help="the ledger's key (name+id+key), or a file that holds it")
    given = parser.parse_args(arguments)
    try:
        named = Path(given.key).is_file() or "+" not in given.key
        text = Path(given.key).read_text("utf-8") if named else given.key
        told = verify(Path(given.pack), text)
    except (Unusable, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for fault in told.faults:
        sys.stdout.write(f"{fault}\n")
    verdict = "NOT as signed" if told.faults else "Good"
    sys.stdout.write(f"{verdict}: {told.files} files as listed, {told.entries} entries of the ledger proven\n")
    return 1 if told.faults else 0


if __name__ == "__main__":
    sys.exit(main())
