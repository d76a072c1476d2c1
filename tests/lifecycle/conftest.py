"""What the tests of the migration's script share."""

from tests.support.checked_schema import server
from tests.support.mlflow.migration_kit import migrations

__all__ = ["migrations", "server"]
