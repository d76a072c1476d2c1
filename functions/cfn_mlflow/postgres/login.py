"""The logins of the database: their memberships, their settings and their passwords.

The Data API keeps sessions open and uses them again. A session keeps the role and the settings that
it began with, and it outlives a change of its password. So the master reads the state of a login.
No session of the login begins before all else is right. SQL never has a password, only its SCRAM
verifier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.rds.client import DATABASE_NAME
from cfn_mlflow.aws.rds.cluster_view import DBClusterView
from cfn_mlflow.aws.rdsdata.database import Database, LoginRefusedError
from cfn_mlflow.aws.rdsdata.database import Value as SqlValue
from cfn_mlflow.aws.secretsmanager.login_secret import read_login
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Updatable
from cfn_mlflow.postgres.roles import InDatabase
from cfn_mlflow.postgres.scram import verifier

IDLE = "idle_session_timeout"
SETTINGS = ("role", IDLE)
"""The settings of a login that the provider manages. It resets one that is not asked for.

An operator may have set `IDLE`. So if `IDLE` is not asked for, only our own value is reset."""

IDLE_SECONDS = 30
"""How long a session of the service may be idle in a database that pauses.

An open session keeps the database awake. MLflow's pools notice that a session has ended before they
use it."""

OVERDUE_SECONDS = 15
"""A session that is idle for so many seconds over its limit began before the limit was set."""

NEVER_OVERDUE = 10**9

ENDINGS = 10
"""How often to end sessions that are older than a limit: a busy one is spared until it is idle."""


def idle_seconds(cluster: DBClusterView) -> int | None:
    """Return the seconds after which the service's idle sessions end; None if it never pauses."""
    return IDLE_SECONDS if cluster.min_capacity == 0 else None


@dataclass(frozen=True)
class LoginView:
    """A login as the master sees it."""

    logs_in: bool
    """Whether it may log in at all."""
    member: bool
    settings: Mapping[str, str]
    """Those of `SETTINGS` that its sessions begin with."""
    secret_version: str
    """The version of its secret that the role's comment names; empty if there is no comment."""
    overdue: bool
    """Whether a session has been idle for longer than the limit."""
    refused: bool = False
    """Whether the database has refused the login with its own secret."""


@dataclass(frozen=True, eq=False)
class DatabaseLogin(InDatabase[LoginView], Attached[LoginView], Updatable[LoginView]):
    """A login whose password comes from its secret.

    A comment on the role names the version of the secret that the password is from. A successful
    login would prove nothing, as long as a session from before a change is open.
    """

    display_name: ClassVar[str] = "database login"

    name: str
    secret_arn: Value[str]
    secret_version: Value[str]
    member_of: str
    acts_as: str
    """The role that its sessions begin with: it owns what they create."""
    idle_seconds: Value[int | None] = None
    """After how many seconds the server ends an idle session; None: never."""

    _READ: ClassVar[str] = """
SELECT rolcanlogin AS logs_in,
pg_catalog.pg_has_role(oid, pg_catalog.to_regrole(:role), 'MEMBER') AS member,
CAST(pg_catalog.to_json(rolconfig) AS text) AS settings,
pg_catalog.shobj_description(oid, 'pg_authid') AS secret_version,
EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity WHERE usename = rolname AND state = 'idle'
AND state_change < pg_catalog.now() - pg_catalog.make_interval(secs => :overdue)) AS overdue
FROM pg_catalog.pg_roles WHERE rolname = CAST(:name AS name)
"""
    _END_IDLE: ClassVar[str] = """
SELECT pg_catalog.count(*) AS found, pg_catalog.count(*)
FILTER (WHERE state = 'idle' AND pg_catalog.pg_terminate_backend(pid)) AS ended
FROM pg_catalog.pg_stat_activity
WHERE usename = CAST(:name AS name) AND backend_start < CAST(:before AS timestamptz)
"""

    @property
    def label(self) -> str:
        """Tell the logins apart."""
        return f"{self.display_name} {self.name}"

    @property
    def _idle(self) -> int | None:
        return known(self.idle_seconds)

    def observe(self) -> Observation[LoginView] | None:
        """Read the login's state as the master, then log in with the login's own secret.

        Rests on rds-data:ExecuteStatement.
        """
        overdue = OVERDUE_SECONDS + self._idle if self._idle else NEVER_OVERDUE
        about: Mapping[str, SqlValue] = {
            "name": self.name,
            "role": self.member_of,
            "overdue": overdue,
        }
        found = self.as_master.query(self._READ, about)
        if not found:
            return None
        [row] = found
        view = LoginView(
            logs_in=bool(row["logs_in"]),
            member=bool(row["member"]),
            settings=_settings(str(row["settings"] or "[]")),
            secret_version=str(row["secret_version"] or ""),
            overdue=bool(row["overdue"]),
        )
        # The Data API would keep a session that began before all is right.
        refused = not self._differing(view) and self._is_refused()
        return Observation(replace(view, refused=refused))

    def create(self) -> None:
        """Create the login, which nobody can use yet. The update that follows lets it log in."""
        self.as_master.execute(f"CREATE ROLE {self.name} NOLOGIN IN ROLE {self.member_of}")

    def compare(self, found: Observation[LoginView]) -> Observation[LoginView]:
        """Name what differs."""
        return replace(found, differs=self._differing(found.view))

    def _differing(self, view: LoginView) -> tuple[str, ...]:
        """Name what differs. The password differs unless it is known to be from this version."""
        different = [s for s in SETTINGS if self._differs(s, view.settings.get(s))]
        if view.overdue:
            different.append("idle sessions")
        if not view.member:
            different.append("membership")
        up_to_date = view.logs_in and view.secret_version == known(self.secret_version)
        if view.refused or not up_to_date:
            different.append("password")
        return tuple(different)

    def update(self, found: Observation[LoginView]) -> None:
        """Set what differs. The password comes last, because sessions can begin after it."""
        view, different = found.view, found.differs
        if "membership" in different:
            self.as_master.execute(f"GRANT {self.member_of} TO {self.name}")
        for setting in SETTINGS:
            if setting in different:
                self.as_master.execute(f"ALTER ROLE {self.name} {self._change_of(setting)}")
        if self._idle and {IDLE, "idle sessions"} & {*different}:
            self._end_idle_sessions()
        if "password" in different:
            self._set_password(view)

    def _end_idle_sessions(self) -> None:
        """End the idle sessions that began before now, because a limit holds only for later ones.

        A pool notices that an idle session has ended before it uses it. So no request is cut off.
        """
        [now] = self.as_master.query("SELECT CAST(pg_catalog.clock_timestamp() AS text) AS now")
        about = {"name": self.name, "before": now["now"]}
        for _ in range(ENDINGS):
            [sessions] = self.as_master.query(self._END_IDLE, about)
            if sessions["found"] == sessions["ended"]:
                return

    def _set_password(self, view: LoginView) -> None:
        """Set the password in an order that lets the next function repeat it after a kill.

        The comment changes only while nobody can log in. The exception is a login without a
        comment: an older release of the provider created it, and the service may use it.
        """
        outdated = view.secret_version != known(self.secret_version)
        keeps_open = view.logs_in and not view.secret_version
        if outdated and not keeps_open:
            if view.logs_in:
                self.as_master.execute(f"ALTER ROLE {self.name} NOLOGIN")
            self._comment()
        password = _without_colons(verifier(read_login(known(self.secret_arn)).password))
        self.as_master.execute(f"ALTER ROLE {self.name} LOGIN PASSWORD E'{password}'")
        if keeps_open:
            self._comment()

    def _comment(self) -> None:
        self.as_master.execute(f"COMMENT ON ROLE {self.name} IS '{known(self.secret_version)}'")

    @property
    def _asked_settings(self) -> dict[str, str]:
        role = {"role": self.acts_as} if self.acts_as != self.name else {}
        if self._idle is None:
            return role
        return {**role, IDLE: f"{self._idle}s"}

    def _differs(self, setting: str, found: str | None) -> bool:
        asked = self._asked_settings.get(setting)
        if asked is None and setting == IDLE:
            return found == f"{IDLE_SECONDS}s"
        return found != asked

    def _change_of(self, setting: str) -> str:
        asked = self._asked_settings.get(setting)
        return f"RESET {setting}" if asked is None else f"SET {setting} = '{asked}'"

    def _is_refused(self) -> bool:
        try:
            Database(known(self.cluster_arn), known(self.secret_arn), DATABASE_NAME).query(
                "SELECT 1 AS one"
            )
        except LoginRefusedError:
            return True
        return False


def _without_colons(text: str) -> str:
    """Return text for an escape string of SQL: a colon begins a parameter of the Data API."""
    return text.replace(":", "\\x3a")


def _settings(text: str) -> dict[str, str]:
    """Return those of `SETTINGS` that a role's list of `name=value` has."""
    pairs = (entry.partition("=") for entry in json.loads(text))
    return {name: value for name, _, value in pairs if name in SETTINGS}
