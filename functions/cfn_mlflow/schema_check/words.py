"""Words a report for a stack's event: at most 400 bytes, with what to do at the end."""

from __future__ import annotations

from cfn_mlflow.outcome import REASON_BYTES
from cfn_mlflow.reason import Reason
from cfn_mlflow.schema_check.check import SchemaReport, State

NAMED_DIFFERENCES = 3


def failure(report: SchemaReport, code: Reason, version: str | None) -> str:
    """Return the state, the differences and what to do.

    `version` is the MLflow release of the image, if it is known.
    """
    what, details = f"schema: {report.state}", report.reason
    if report.state.read:
        what += f": the database is {report.found or 'without a revision'}"
        details = _named(report.differences)
    if report.state.read and report.state is not State.CURRENT:
        release = f"MLflow {version}" if version else "the image"
        what += f", {release} expects {report.expected}"
    room = REASON_BYTES - len(f"{code.prefix}{what}: . {report.advice}".encode())
    if details and room > 0:
        what += f": {details.encode()[:room].decode(errors='ignore').rstrip(' .')}"
    return f"{what}. {report.advice}"


def waiting(report: SchemaReport) -> str:
    """Return a state that passes by itself, and its reason."""
    return f"{report.state}: {report.reason or report.advice}"


def unknown_release(image: str) -> str:
    """Return the reason if an image's tag does not name a release that the provider knows."""
    return (
        f"the tag of {image} names no MLflow release that this provider knows. Name the release by "
        f"ImageTag, or update the provider"
    )


def _named(differences: tuple[str, ...]) -> str:
    named = "; ".join(differences[:NAMED_DIFFERENCES])
    more = len(differences) - NAMED_DIFFERENCES
    return f"{named}; and {more} more" if more > 0 else named
