"""`make bench`: what is promised in numbers, measured beside what a user would have instead."""

from __future__ import annotations

import sys
from pathlib import Path

from bench import (
    artifact,
    first_hour,
    import_time,
    installing,
    operations,
    operations_report,
    table,
)

RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Measure, print the table and write bench/results.md; a budget not held is no error."""
    artifact.PLACE.mkdir(parents=True, exist_ok=True)
    built = artifact.build()
    files = list(artifact.files(built))
    uncompiled = artifact.copy_of(built, files, artifact.PLACE / "uncompiled")
    compiled = artifact.copy_of(built, files, artifact.PLACE / "compiled")
    sections = [
        first_hour.section(),
        installing.measure(),
        import_time.measure(
            import_time.prevent_compiling(uncompiled), import_time.compile_all(compiled)
        ),
        artifact.measure(built),
        *operations_report.sections(operations.measure(built)),
    ]
    print(table.text(sections))
    RESULTS.write_text(table.page(sections))
    return 0


if __name__ == "__main__":
    sys.exit(main())
