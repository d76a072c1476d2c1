"""What is noted of a migration: tags on the revision of its task definition.

A revision stands for one image on one database, so what is noted there is true for as long as both
are the same; that the database is, is asked anew each time.
"""

from __future__ import annotations

SCHEMA_TAG = "cfn-mlflow:schema"
"""The revision that the database has, by this image's migration or before it."""
AUTH_TAG = "cfn-mlflow:schema-of-users"
"""That of the tables of MLflow's users, where there are any: `auth-` and the revision."""
FROM_TAG = "cfn-mlflow:migrated-from"
"""The revision that it had before; absent if nothing was migrated, or an empty database."""
SNAPSHOT_TAG = "cfn-mlflow:snapshot"
"""The snapshot that was taken before."""
# The value is of an older vocabulary: task definitions that exist carry it.
FALLBACK_IMAGE_TAG = "cfn-mlflow:stand-in"
"""The image that runs instead of this task definition's, which the database is ahead of."""
NOTES = (SCHEMA_TAG, AUTH_TAG, FROM_TAG, SNAPSHOT_TAG, FALLBACK_IMAGE_TAG)

LOOK, REHEARSE, MIGRATE, CHECK = "inspect", "rehearse", "migrate", "check"
"""What a task of the migration's task definition is for."""
