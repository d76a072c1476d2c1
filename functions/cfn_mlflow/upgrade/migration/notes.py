"""The notes of a migration: tags on the revision of its task definition.

A revision stands for one image and one database. So its notes hold for as long as both are the
same. Each deployment reads anew whether the database still is.
"""

from __future__ import annotations

SCHEMA_TAG = "cfn-mlflow:schema"
"""The revision that the database has, whether this image migrated it or not."""
AUTH_TAG = "cfn-mlflow:schema-of-users"
"""`auth-` and the revision of the tables of MLflow's users, if there are any."""
FROM_TAG = "cfn-mlflow:migrated-from"
"""The revision before the migration; absent if nothing or an empty database was migrated."""
SNAPSHOT_TAG = "cfn-mlflow:snapshot"
"""The identifier of the snapshot that was taken before the migration."""
# The value keeps an older word, because existing task definitions carry it.
FALLBACK_IMAGE_TAG = "cfn-mlflow:stand-in"
"""The fallback image: it runs instead of this task definition's image."""
NOTES = (SCHEMA_TAG, AUTH_TAG, FROM_TAG, SNAPSHOT_TAG, FALLBACK_IMAGE_TAG)

LOOK, REHEARSE, MIGRATE, CHECK = "inspect", "rehearse", "migrate", "check"
"""What a task of the migration's task definition is for."""
