"""The function that rotates: it moves the services of a database from one login to the other."""

from __future__ import annotations

from cfn_mlflow.rotation.loop import rotate

handler = rotate
