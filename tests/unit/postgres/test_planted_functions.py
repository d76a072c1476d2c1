"""The master's statements use no function and no operator that the migration's login has planted.

PostgreSQL takes whatever fits a call's types exactly, wherever in the search path it lies. So the
login plants functions and operators of every name and type that the master's statements may use.
The test makes a view of each statement. The view depends on what is planted, if PostgreSQL has
taken it, but never on what is PostgreSQL's own.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from cfn_mlflow.postgres.login import DatabaseLogin
from cfn_mlflow.postgres.roles import Privileges
from cfn_mlflow.rotation.standby_login import SESSIONS
from cfn_mlflow.schema_check import read as schema_read
from cfn_mlflow.types.database import graph as database
from cfn_mlflow.types.database.properties import DatabaseProperties
from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.service_kit import boto, converge, owner

TYPES = (
    *("name", "text", "varchar", "oid", "regrole", "int4", "int8", "numeric"),
    *('"char"', "timestamptz", "interval"),
)
OF_THREE = ("name", "text", "oid", "regrole")
OPERATORS = ("=", "<>", "<", ">", "-", "||")
NUMBERS = ("overdue", "page", "after_place", "high", "low")
"""The parameters that the Data API gives as bigint."""
WORDS = ("cast", "exists", "filter", "in", "not", "and", "from", "as", "coalesce")
"""Words of SQL that have a bracket after them and are no functions."""
CALL = re.compile(r"\b([a-z]\w*) ?\(", re.IGNORECASE)
PARAMETER = re.compile(r"(?<![\w:]):([a-z]\w*)")
BODY = "RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'planted, as %', current_user; END$$"
TAKEN = """
SELECT pg_catalog.format('%s %s', d.refclassid::pg_catalog.regclass, coalesce(p.proname, o.oprname))
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.objid = r.oid
LEFT JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
LEFT JOIN pg_catalog.pg_operator o ON o.oid = d.refobjid
WHERE r.ev_class = 'looked'::pg_catalog.regclass
AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
'pg_catalog.pg_operator'::pg_catalog.regclass)
"""


def make(vpc: dict[str, Any]) -> dict[str, str]:
    """Create a database that pauses, or converge it again; return its attributes."""
    asked = {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"], "AutoPause": "true"}
    return converge(database._graph(owner(), DatabaseProperties.model_validate(asked)))


def plant(server: PostgresServer, secret_arn: str, names: set[str]) -> None:
    """Plant functions of these names and all operators, as the login in the secret."""
    text = boto("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"]
    login = json.loads(text)
    pairs = list(itertools.product(TYPES, repeat=2))
    signatures = [*((one,) for one in TYPES), *pairs, *itertools.product(OF_THREE, repeat=3)]
    statements = [
        f"CREATE FUNCTION public.{name}({', '.join(types)}) {BODY}"
        for name in sorted(names | {"planted"})
        for types in signatures
    ]
    statements += [
        f"CREATE OPERATOR public.{operator} (FUNCTION = public.planted, LEFTARG = {left},"
        f" RIGHTARG = {right})"
        for operator in OPERATORS
        for left, right in pairs
    ]
    connection = server.connect(login["username"], login["password"], "mlflow")
    with connection, connection.cursor() as cursor:
        cursor.execute("; ".join(statements))
    connection.close()


def taken(server: PostgresServer, statement: str, string: str) -> list[str]:
    """Return the functions and operators of a statement that are not PostgreSQL's own."""

    def typed(match: re.Match[str]) -> str:
        return f"CAST(NULL AS {'int8' if match[1] in NUMBERS else string})"

    with server.admin("mlflow") as cursor:
        cursor.execute(f"CREATE VIEW looked AS {PARAMETER.sub(typed, statement)}")
        cursor.execute("SET search_path = pg_catalog, public")
        cursor.execute(TAKEN)
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP VIEW public.looked")
        cursor.execute("RESET search_path")
    return found


def test_the_master_takes_nothing_that_the_migrations_login_has_planted(
    aurora: Aurora, server: PostgresServer, vpc: dict[str, Any]
) -> None:
    given = make(vpc)
    queries = {text for text in aurora.statements if text.lstrip().startswith("SELECT")}
    queries |= {DatabaseLogin._END_IDLE, SESSIONS}
    queries |= {schema_read._STATE_OF_PLAY, schema_read._COLUMNS, schema_read._INDEXES}
    assert {DatabaseLogin._READ, Privileges._READ} <= queries
    names = {name.lower() for text in queries for name in CALL.findall(text)} - {*WORDS}
    plant(server, given["MigrationSecretArn"], names)
    for text in sorted(queries):
        for string in ("varchar", "text"):
            assert taken(server, text, string) == [], text
    assert make(vpc) == given, "it converges as if nothing were planted"
