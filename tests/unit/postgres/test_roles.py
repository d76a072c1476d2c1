"""The roles inside the database: what each may do, and no more."""

from __future__ import annotations

import pytest

from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.database_kit import Properties, asked, graph, login, sql
from tests.support.objects.service_kit import converge

__all__ = ["asked"]


def test_given_the_secrets_then_each_login_may_do_what_it_is_for_and_no_more(
    asked: Properties, aurora: Aurora
) -> None:
    given = converge(graph(asked))
    migration = login(aurora, given["MigrationSecretArn"])
    sql(migration, "CREATE TABLE runs (id serial PRIMARY KEY, name text)")
    [(table_owner,)] = sql(migration, "SELECT tableowner FROM pg_tables WHERE tablename='runs'")
    assert table_owner == "mlflow_owner"
    service = login(aurora, given["ServiceSecretArn"])
    sql(service, "INSERT INTO runs (name) VALUES ('a')")
    sql(service, "UPDATE runs SET name = 'b'")
    assert sql(service, "SELECT id, name FROM runs") == [(1, "b")]
    sql(service, "DELETE FROM runs")
    for denied in ("CREATE TABLE more ()", "DROP TABLE runs", "ALTER TABLE runs ADD x int"):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            sql(service, denied)


def test_given_no_login_is_a_superuser_then_the_master_is_none_either(
    asked: Properties, aurora: Aurora
) -> None:
    given = converge(graph(asked))
    master = login(aurora, given["MasterSecretArn"])
    found = sql(master, "SELECT rolname FROM pg_roles WHERE rolsuper")
    assert found == [("rdsadmin",)]
    no_login = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'mlflow%' AND NOT rolcanlogin"
    assert {name for (name,) in sql(master, no_login)} == {"mlflow_owner", "mlflow_runtime"}


def test_given_tables_without_rights_then_the_runtime_role_gets_them(
    asked: Properties, aurora: Aurora
) -> None:
    given = converge(graph(asked))
    migration = login(aurora, given["MigrationSecretArn"])
    sql(migration, 'CREATE TABLE "Odd ""name" (id serial)')
    sql(migration, 'REVOKE ALL ON "Odd ""name" FROM mlflow_runtime')
    sql(migration, 'REVOKE ALL ON SEQUENCE "Odd ""name_id_seq" FROM mlflow_runtime')
    converge(graph(asked))
    service = login(aurora, given["ServiceSecretArn"])
    sql(service, 'INSERT INTO "Odd ""name" DEFAULT VALUES')
