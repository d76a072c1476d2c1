"""Suggest the known name that a user may have meant by an unknown one.

The linter's rules read this file without the rest of the provider. So it imports the standard
library only.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_MEANT = 2
_LIKENESS = 0.7


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` with similar names, or an empty text if there are none."""
    meant = _meant(_bare(name), {_bare(other): other for other in known})
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def _meant(asked: str, by_bare: dict[str, str]) -> list[str]:
    if asked in by_bare:
        return [by_bare[asked]]
    ends_so = [other for bare, other in by_bare.items() if asked and bare.endswith(asked)]
    if 1 <= len(ends_so) <= _MOST_MEANT:  # such as MinCapacity, a property of two parts
        return ends_so
    return [by_bare[close] for close in difflib.get_close_matches(asked, by_bare, 1, _LIKENESS)]


def _bare(name: str) -> str:
    """Return a name without case, underscores and hyphens: `vpc_id` and `VpcID` are VpcId."""
    return name.replace("_", "").replace("-", "").lower()
