"""SCRAM-SHA-256: the verifier that replaces a password in SQL (RFC 5802, 7677)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode

ITERATIONS = 4096
"""PostgreSQL's own default (scram_iterations)."""
SALT_BYTES = 16


def verifier(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """Return the verifier of a password as PostgreSQL stores it in pg_authid.

    A server stores a verifier as it is given, so it never sees the password. Without `salt`, the
    salt is random. Raises ValueError for characters other than printable ASCII, because SASLprep
    could change such a password.
    """
    if not (password and password.isascii() and password.isprintable()):
        raise ValueError("only a password of printable ASCII characters has one verifier")
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored_key = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    server_key = _hmac(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored_key)}:{_text(server_key)}"


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _text(value: bytes) -> str:
    return b64encode(value).decode()
