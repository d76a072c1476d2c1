"""Which known name somebody meant by one that nobody knows.

The linter's rules read this file where no other package of ours is: it needs Python alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_MEANT = 2
_LIKENESS = 0.7


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` with the names that `name` may stand for, or nothing."""
    meant = _meant(_bare(name), {_bare(other): other for other in known})
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def _meant(asked: str, by_bare: dict[str, str]) -> list[str]:
    if asked in by_bare:
        return [by_bare[asked]]
    ends_so = [other for bare, other in by_bare.items() if asked and bare.endswith(asked)]
    if 1 <= len(ends_so) <= _MOST_MEANT:  # such as MinCapacity, which two of the parts have
        return ends_so
    return [by_bare[close] for close in difflib.get_close_matches(asked, by_bare, 1, _LIKENESS)]


def _bare(name: str) -> str:
    """Return a name without case, underscores and hyphens: `vpc_id` and `VpcID` are VpcId."""
    return name.replace("_", "").replace("-", "").lower()
