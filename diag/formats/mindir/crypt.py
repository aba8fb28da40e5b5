"""Encrypted MindIR: which cipher, and the plain bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from diag.errors import FormatError


@dataclass(frozen=True, slots=True)
class CipherKind:
    """How a file is encrypted. ``key_bytes``: the lengths that its key may have."""

    name: str
    key_bytes: tuple[int, ...]

    @property
    def authenticated(self) -> bool:
        """Whether the file has a tag that tells a wrong key from a right one."""
        return self.name == "AES-GCM"


_GCM, _CBC, _SM4 = (CipherKind("AES-GCM", (16, 24, 32)), CipherKind("AES-CBC", (16, 24, 32)),
                    CipherKind("SM4-CBC", (16,)))
_MAGIC = {0x7F3A5ED8: _GCM, 0x7F3A5ED9: _CBC, 0x7F3A5EDA: _SM4}
_TAG = 16
_GCM_NONCE = 12
_KEY_HINT = "Give the key that it was encrypted with: --key TEXT."


def cipher_of(head: bytes) -> CipherKind | None:
    """The cipher that a file's first four bytes announce; None for a plain file."""
    return _MAGIC.get(int.from_bytes(head[:4], "little")) if len(head) >= 4 else None


def decrypt(path: Path, data: bytes, kind: CipherKind, key: bytes | None) -> bytes:
    """The plain bytes. Raises FormatError without a key, with one that does not fit, or if the file is damaged."""
    if key is None:
        raise FormatError(path, "encrypted MindIR, need the key", offset=0, found=kind.name, hint=_KEY_HINT)
    if len(key) not in kind.key_bytes:
        lengths = " or ".join(str(n) for n in kind.key_bytes)
        raise FormatError(path, f"The key for {kind.name} must have {lengths} bytes", found=f"{len(key)}",
                          hint="MindSpore Lite writes keys as hexadecimal: two characters are one byte.")
    plain, at = [], 0
    while at < len(data):
        block, at = _block(path, data, at, kind, key)
        plain.append(block)
    return b"".join(plain)


def _block(path: Path, data: bytes, start: int, kind: CipherKind, key: bytes) -> tuple[bytes, int]:
    magic = data[start:start + 4]
    if cipher_of(magic) != kind:
        raise FormatError(path, f"Expected another block of {kind.name}", offset=start, found=magic.hex(),
                          hint="The file is damaged. Copy or export it again.")
    at = start + 4
    tag = data[at:at + _TAG] if kind.authenticated else b""
    at += len(tag) + 4  # the block's own length only repeats what the two lengths below say
    iv, at = _counted(path, data, at)
    text, at = _counted(path, data, at)
    if not (_GCM_NONCE if kind.authenticated else _TAG) <= len(iv) <= _TAG:
        raise FormatError(path, "Expected an initial vector of 16 bytes", offset=start, found=f"{len(iv)} bytes",
                          hint="The file is damaged. Copy or export it again.")
    wrong = FormatError(path, "The key is wrong, or the file is damaged", offset=start, hint=_KEY_HINT)
    try:
        if kind.authenticated:
            authentic = Cipher(algorithms.AES(key), modes.GCM(iv[:_GCM_NONCE], tag)).decryptor()
            return authentic.update(text) + authentic.finalize(), at
        algorithm = algorithms.SM4(key) if kind is _SM4 else algorithms.AES(key)
        decryptor = Cipher(algorithm, modes.CBC(iv)).decryptor()
        unpadder = PKCS7(128).unpadder()
        return unpadder.update(decryptor.update(text) + decryptor.finalize()) + unpadder.finalize(), at
    except (InvalidTag, ValueError):
        raise wrong from None
    except UnsupportedAlgorithm:
        raise FormatError(path, f"This machine's OpenSSL has no {kind.name}",
                          hint="Read it on another machine.") from None


def _counted(path: Path, data: bytes, at: int) -> tuple[bytes, int]:
    """The bytes behind a 32-bit length at ``at``, and the position behind them."""
    begin = at + 4
    length = struct.unpack_from("<I", data, at)[0] if begin <= len(data) else 0
    if begin + length > len(data):
        raise FormatError(path, f"Expected {length:,} encrypted bytes", offset=at, found=f"{len(data) - begin:,}",
                          hint="The file is cut short. Copy or export it again.")
    return data[begin:begin + length], begin + length
