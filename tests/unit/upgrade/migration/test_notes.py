"""What is noted of a migration, as tags of its task definition."""

from __future__ import annotations

from cfn_mlflow.upgrade.migration import notes


def test_every_note_goes_when_the_database_went_elsewhere() -> None:
    tags = {value for name, value in vars(notes).items() if name.endswith("_TAG")}
    assert tags == set(notes.NOTES)
    assert len(notes.NOTES) == len(tags)


def test_purposes_of_tasks_are_told_apart_in_what_starts_them() -> None:
    purposes = (notes.LOOK, notes.REHEARSE, notes.MIGRATE, notes.CHECK)
    assert len(set(purposes)) == len(purposes)
