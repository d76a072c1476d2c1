"""The roles inside the database and their rights, created through the Data API.

A role that cannot log in owns the objects in the database. The logins (login.py) are members of
two roles: one role may change data, and the other may change the schema. The master that creates
them is no superuser, as on Aurora.

The migration's login may create functions and operators in the schema `public`, which the master's
search path has too. PostgreSQL prefers whatever fits a call's types exactly. So the master's
statements name pg_catalog at each function, and give each operator two operands of one exact type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from cfn_mlflow.aws.rds.client import DATABASE_NAME
from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Observed, Updatable

OWNER_ROLE = "mlflow_owner"
RUNTIME_ROLE = "mlflow_runtime"
SERVICE_LOGIN = "mlflow_app"
SECOND_SERVICE_LOGIN = "mlflow_app_2"
"""The other of the service's two logins: one is active, and a rotation changes the standby."""
MIGRATION_LOGIN = "mlflow_migrate"

View = TypeVar("View")


@dataclass(frozen=True, eq=False)
class InDatabase(Observed[View]):
    """Something inside the database, which the master creates and which goes with the cluster."""

    cluster_arn: Value[str]
    master_secret_arn: Value[str]

    @property
    def as_master(self) -> Database:
        """Return the database, with the master as the login."""
        return Database(known(self.cluster_arn), known(self.master_secret_arn), DATABASE_NAME)


@dataclass(frozen=True)
class DatabaseRoleView:
    """What the catalog says of a role: whether the master is its member."""

    held_by_master: bool


@dataclass(frozen=True, eq=False)
class DatabaseRole(
    InDatabase[DatabaseRoleView], Attached[DatabaseRoleView], Updatable[DatabaseRoleView]
):
    """A role without a login. The master is its member, so that it may act for the role."""

    display_name: ClassVar[str] = "database role"

    name: str

    @property
    def label(self) -> str:
        """Tell the roles apart."""
        return f"{self.display_name} {self.name}"

    def observe(self) -> Observation[DatabaseRoleView] | None:
        """Find the role in the catalog (rds-data:ExecuteStatement)."""
        found = self.as_master.query(
            "SELECT pg_catalog.pg_has_role(current_user, oid, 'USAGE') AS held"
            " FROM pg_catalog.pg_roles WHERE rolname = CAST(:name AS name)",
            {"name": self.name},
        )
        return Observation(DatabaseRoleView(bool(found[0]["held"]))) if found else None

    def create(self) -> None:
        """Create the role. The update that follows makes the master its member."""
        self.as_master.execute(f"CREATE ROLE {self.name} NOLOGIN")

    def compare(self, found: Observation[DatabaseRoleView]) -> Observation[DatabaseRoleView]:
        """Name the master's membership if it is missing."""
        return found.differing({"membership of the master": not found.view.held_by_master})

    def update(self, found: Observation[DatabaseRoleView]) -> None:
        """Make the master a member."""
        del found
        self.as_master.execute(f"GRANT {self.name} TO CURRENT_USER")


@dataclass(frozen=True)
class PrivilegesView:
    """Which rights the two roles have, and the quoted names of the objects that lack some."""

    owner_creates: bool
    runtime_enters: bool
    tables_to_come: bool
    sequences_to_come: bool
    tables_without: tuple[str, ...]
    sequences_without: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Privileges(InDatabase[PrivilegesView], Updatable[PrivilegesView]):
    """The owner role may make objects; the runtime role may change the data in all of them."""

    display_name: ClassVar[str] = "database privileges"

    TABLES: ClassVar[str] = "SELECT, INSERT, UPDATE, DELETE"
    SEQUENCES: ClassVar[str] = "SELECT, UPDATE, USAGE"

    _ROLES: ClassVar[Mapping[str, str]] = {"owner": OWNER_ROLE, "runtime": RUNTIME_ROLE}

    _READ: ClassVar[str] = """
SELECT pg_catalog.has_schema_privilege(r.owner, 'public', 'CREATE') AS owner_creates,
pg_catalog.has_schema_privilege(r.runtime, 'public', 'USAGE') AS runtime_enters,
EXISTS (SELECT 1 FROM pg_catalog.pg_default_acl WHERE defaclrole = r.owner AND defaclobjtype = 'r'
AND pg_catalog.strpos(CAST(defaclacl AS text),
pg_catalog.concat(CAST(:runtime AS text), '=arwd/')) > 0)
AS tables_to_come,
EXISTS (SELECT 1 FROM pg_catalog.pg_default_acl WHERE defaclrole = r.owner AND defaclobjtype = 'S'
AND pg_catalog.strpos(CAST(defaclacl AS text),
pg_catalog.concat(CAST(:runtime AS text), '=rwU/')) > 0)
AS sequences_to_come
FROM (SELECT CAST(pg_catalog.to_regrole(:owner) AS oid) AS owner,
CAST(pg_catalog.to_regrole(:runtime) AS oid) AS runtime) AS r
"""
    _READ_WITHOUT: ClassVar[str] = """
SELECT CAST(c.relkind AS text) AS kind,
pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
(SELECT CAST(pg_catalog.to_regrole(:owner) AS oid) AS owner,
CAST(pg_catalog.to_regrole(:runtime) AS oid) AS runtime) AS r
WHERE n.nspname = CAST('public' AS name) AND c.relowner = r.owner AND CASE
WHEN c.relkind IN ('r', 'p') THEN NOT (
pg_catalog.has_table_privilege(r.runtime, c.oid, 'SELECT')
AND pg_catalog.has_table_privilege(r.runtime, c.oid, 'INSERT')
AND pg_catalog.has_table_privilege(r.runtime, c.oid, 'UPDATE')
AND pg_catalog.has_table_privilege(r.runtime, c.oid, 'DELETE'))
WHEN c.relkind = 'S' THEN NOT (
pg_catalog.has_sequence_privilege(r.runtime, c.oid, 'USAGE')
AND pg_catalog.has_sequence_privilege(r.runtime, c.oid, 'SELECT')
AND pg_catalog.has_sequence_privilege(r.runtime, c.oid, 'UPDATE'))
ELSE false END ORDER BY 2
"""

    def observe(self) -> Observation[PrivilegesView]:
        """Read which rights the two roles have (rds-data:ExecuteStatement)."""
        rights = self.as_master.query(self._READ, self._ROLES)[0]
        without = self.as_master.query(self._READ_WITHOUT, self._ROLES)
        view = PrivilegesView(
            owner_creates=bool(rights["owner_creates"]),
            runtime_enters=bool(rights["runtime_enters"]),
            tables_to_come=bool(rights["tables_to_come"]),
            sequences_to_come=bool(rights["sequences_to_come"]),
            tables_without=tuple(str(row["name"]) for row in without if row["kind"] != "S"),
            sequences_without=tuple(str(row["name"]) for row in without if row["kind"] == "S"),
        )
        return Observation(view)

    def compare(self, found: Observation[PrivilegesView]) -> Observation[PrivilegesView]:
        """Name each missing right."""
        return replace(found, differs=tuple(self._grants(found.view)))

    def update(self, found: Observation[PrivilegesView]) -> None:
        """Grant each missing right."""
        for statement in self._grants(found.view).values():
            self.as_master.execute(statement)

    def _grants(self, view: PrivilegesView) -> dict[str, str]:
        to_come = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public GRANT"
        grants: list[tuple[str, object, str]] = [
            (
                "right to make tables",
                view.owner_creates,
                f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}",
            ),
            (
                "right to enter the schema",
                view.runtime_enters,
                f"GRANT USAGE ON SCHEMA public TO {RUNTIME_ROLE}",
            ),
            (
                "rights on tables to come",
                view.tables_to_come,
                f"{to_come} {self.TABLES} ON TABLES TO {RUNTIME_ROLE}",
            ),
            (
                "rights on sequences to come",
                view.sequences_to_come,
                f"{to_come} {self.SEQUENCES} ON SEQUENCES TO {RUNTIME_ROLE}",
            ),
            (
                "rights on tables",
                not view.tables_without,
                f"GRANT {self.TABLES} ON TABLE {', '.join(view.tables_without)} TO {RUNTIME_ROLE}",
            ),
            (
                "rights on sequences",
                not view.sequences_without,
                f"GRANT {self.SEQUENCES} ON SEQUENCE {', '.join(view.sequences_without)}"
                f" TO {RUNTIME_ROLE}",
            ),
        ]
        return {name: statement for name, there, statement in grants if not there}
