"""The function that rotates: the two logins of a database's service take turns."""

from __future__ import annotations

from cfn_mlflow.rotation.loop import rotate

handler = rotate
