"""SCRAM-SHA-256 verifiers are as the RFC says, and a real PostgreSQL accepts them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.postgres.scram import verifier
from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto.aurora import running

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running() as started:
        yield started


def test_given_the_exchange_of_rfc_7677_then_its_proof_and_signature_follow() -> None:
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    found = verifier("pencil", salt, 4096)
    scheme, parameters, keys = found.split("$")
    assert (scheme, parameters) == ("SCRAM-SHA-256", "4096:W22ZaJ0SNY7soEsUEjb6gQ==")
    stored_key, server_key = (base64.b64decode(key) for key in keys.split(":"))
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = (
        f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}"
    ).encode()
    signature = hmac.digest(server_key, message, "sha256")
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    of_client = hmac.digest(stored_key, message, "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, of_client, strict=True))
    assert hashlib.sha256(client_key).digest() == stored_key


def test_given_one_password_twice_then_its_salt_differs() -> None:
    assert verifier("the same") != verifier("the same")


@pytest.mark.parametrize("password", ["", "caf\u00e9", "tab\there", "\u2168", "a\u00ad"])
def test_given_a_password_that_saslprep_could_change_then_none_is_made(password: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        verifier(password)


@given(PRINTABLE)
def test_given_any_printable_password_then_no_quote_can_leave_the_literal(password: str) -> None:
    assert "'" not in verifier(password, b"salt", 1)
    assert "\\" not in verifier(password, b"salt", 1)


@pytest.mark.parametrize("password", ["plain", "with space", "q'uo\"te", "\\%$:@/#?&=+", "x" * 64])
def test_given_the_verifier_alone_then_postgresql_takes_the_password(
    server: PostgresServer, password: str
) -> None:
    with server.admin() as cursor:
        cursor.execute("DROP ROLE IF EXISTS somebody")
        cursor.execute(f"CREATE ROLE somebody LOGIN PASSWORD '{verifier(password)}'")
    server.connect("somebody", password, "postgres").close()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        server.connect("somebody", password + "x", "postgres")
    with server.admin() as cursor:
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'somebody'")
        [(kept,)] = cursor.fetchall()
    assert kept.startswith("SCRAM-SHA-256$4096:")
    assert password not in server.log.read_text() or password == "plain"
