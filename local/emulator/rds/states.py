"""States that RDS shows for a while: creating, modifying, starting; and how it shows a cluster."""

import logging
import time
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import rds

from local.emulator.core.patching import Function

CREATING_SECONDS = 1.0
CHANGING_SECONDS = 0.5
DELETING_SECONDS = 0.7

_log = logging.getLogger(__name__)


def later(seconds: float, work: Function, *arguments: Any) -> None:
    """Do `work` in the background, `seconds` from now."""

    def wait_and_work() -> None:
        time.sleep(seconds)
        work(*arguments)

    spawn_background(wait_and_work, thread_name="aurora-later")


def become(
    record: dict[str, Any],
    during: str,
    after: str,
    seconds: float,
    work: Callable[[], Any] = lambda: None,
) -> None:
    """Show state `during` while `work` is done, and `seconds` more, then `after`.

    A later change of the same state wins over this one. State `failed` follows work that fails.
    """
    key = "DBInstanceStatus" if "DBInstanceStatus" in record else "Status"
    record[key] = during
    change = record["_change"] = object()

    def settle() -> None:
        end = after
        try:
            work()
        except Exception:
            _log.exception("A change from %s to %s failed.", during, after)
            end = "failed"
        time.sleep(seconds)
        if record.get(key) == during and record.get("_change") is change:
            record[key] = end

    later(0, settle)


def cluster_answer(action: str, cluster: dict[str, Any]) -> Any:
    """Return the answer of `action` with the cluster as it is now."""
    body = f"<{action}Result><DBCluster>{rds._cluster_xml(cluster)}</DBCluster></{action}Result>"
    return rds._xml(200, f"{action}Response", body)
