"""Secrets Manager: MLflow's own keys, in one secret of the service.

The server encrypts webhooks, keys of gateways and sessions with them, and stores them in the
database. Snapshots of the database, such as those before a migration, may outlast every deletion.
Nobody can read them without the keys. So a deletion retains a complete secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core import retained
from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.core.owner import COMPLETE_TAG, LEFT_BY_TAG, OWNER_TAG, Owner
from cfn_mlflow.aws.secretsmanager.secret import (
    Secret,
    SecretView,
    random_text,
    read_secret,
    secrets,
)
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, Retained, Updatable, as_observed

ADMIN = "admin"
"""The name of MLflow's first user, where it asks for a login."""

LENGTHS: Mapping[str, int] = {"kek_passphrase": 48, "flask_key": 48, "admin_password": 48}
"""Letters and digits of each text that is made, by its key in the secret."""

FERNET_CHARACTERS = 43
"""So many and a `=` make 32 bytes in base64: the form of MLflow's webhook key."""


@dataclass(frozen=True, eq=False)
class ServerSecret(Secret, Retained[SecretView]):
    """MLflow's keys and its admin's password. They are made once, and stay across updates.

    If an earlier deletion of the same resource retained a secret, the resource adopts it again. The
    database may be the one that the secret belongs to.
    """

    display_name: ClassVar[str] = "secret of the server"

    @property
    def name(self) -> str:
        """Return the secret's name."""
        return self.owner.name("server", limit=512)

    @property
    def description(self) -> str:
        """Return what it says of itself in the console."""
        return "MLflow's keys: without them what it has encrypted in its database is lost"

    def new_value(self) -> str:
        """Return a value for each key."""
        made = {key: random_text(length) for key, length in LENGTHS.items()}
        webhook_key = f"{random_text(FERNET_CHARACTERS)}="
        return json.dumps({"webhook_key": webhook_key, "admin_username": ADMIN, **made})

    def owned(self, view: SecretView) -> bool:
        """Return whether it is this resource's, or was when this resource left it."""
        return super().owned(view) or view.tags.get(LEFT_BY_TAG) == self.owner.tag

    def retain(self, view: SecretView) -> bool:
        """Leave it, for snapshots of what it opens may stay; what was never complete goes.

        Rests on secretsmanager:TagResource, UntagResource.
        """
        if LEFT_BY_TAG not in view.tags:
            if COMPLETE_TAG not in view.tags:
                return False
            staying = retained.tags_of_what_stays(self.owner, view.tags)
            secrets().tag_resource(SecretId=view.arn, Tags=tag_list(staying))
        if OWNER_TAG in view.tags:
            retained.log_what_stays("secret of MLflow's keys", view.name)
            secrets().untag_resource(SecretId=view.arn, TagKeys=list(retained.GONE))
        return True


@dataclass(frozen=True, eq=False)
class CompleteServerSecret(Updatable[SecretView]):
    """The mark of a secret whose resource was made to the end: from then on it stays."""

    display_name: ClassVar[str] = "server secret's completion"

    owner: Owner
    secret_arn: Value[str]

    def observe(self) -> Observation[SecretView] | None:
        """Read the secret (secretsmanager:DescribeSecret)."""
        view = read_secret(known(self.secret_arn))
        return as_observed(view)

    def compare(self, found: Observation[SecretView]) -> Observation[SecretView]:
        """Name the mark while it misses."""
        return found.differing({"mark": COMPLETE_TAG not in found.view.tags})

    def update(self, found: Observation[SecretView]) -> None:
        """Set the mark (secretsmanager:TagResource)."""
        secrets().tag_resource(
            SecretId=found.view.arn, Tags=[{"Key": COMPLETE_TAG, "Value": "true"}]
        )
