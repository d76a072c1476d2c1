"""Write the table of docs/errors.md, between its markers, from the codes of failures.

PYTHONPATH=functions:. python -m tools.make_errors
"""

from __future__ import annotations

import re
from pathlib import Path

from cfn_mlflow.reason import Reason

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"

_TABLE = re.compile(r"(<!-- codes -->\n).*?(<!-- end -->)", re.DOTALL)


def text(page: str) -> str:
    """Return the page with its table as the codes are now, in the order of the alphabet."""
    rows = [
        "| code | it means | what to do | where, beside log and metric |",
        "|---|---|---|---|",
        *(
            f"| `{reason.name}` | {reason.value.means} | {reason.value.to_do} "
            f"| {', '.join(reason.value.shown)} |"
            for reason in sorted(Reason, key=lambda each: each.name)
        ),
    ]
    table = "\n".join(rows)
    return _TABLE.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(text(PAGE.read_text()))
