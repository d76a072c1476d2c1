"""tests/unit mirrors functions/cfn_mlflow: a module's tests are where its name says."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import cfn_mlflow

PRODUCT = Path(cfn_mlflow.__file__).parent
UNIT = Path(__file__).parent

WITHOUT_TESTS: Mapping[str, str] = {
    "aws/core/replaced.py": "a class of one field; its subclasses are tested with what they remove",
    "types/bucket/attributes.py": "names and descriptions; the bucket's graph gives each",
    "types/database/attributes.py": "names and descriptions; the database's graph gives each",
    "types/mlflow/attributes.py": "names and descriptions; the graph of the whole gives each",
    "types/schema/attributes.py": "names and descriptions; the check's graph gives each",
    "types/service/attributes.py": "names and descriptions; the service's graph gives each",
    "types/service/property_blocks/network.py": "declares properties; those of the type are tested",
    "types/service/property_blocks/schema.py": "declares properties; those of the type are tested",
}
"""Modules in which nothing can fail by itself, each with the reason."""

CROSS_CUTTING: Mapping[str, str] = {
    "aws/core/test_first_use.py": "the first use of each service, and what was just made",
    "aws/core/test_texts_sent.py": "every text that is sent has the form that AWS documents",
    "cloudformation/test_former_properties.py": "what an Update changes, from event to type",
    "cloudformation/test_give_up.py": "what a failure undoes before it is answered",
    "cloudformation/test_stack_operations.py": "every stack operation, from event to answer",
    "direct_invocation/test_forged_beside.py": "who invokes a function beside CloudFormation",
    "postgres/test_planted_functions.py": "what the master runs beside planted functions",
    "test_entry_modules.py": "the modules of functions/ that Lambda starts",
    "test_events.py": "the sample events in events/",
    "test_mirrored_tree.py": "this test",
    "types/common/test_shared_with.py": "the tag that shares things, from property to object",
    "types/common/test_tags_of_objects.py": "the user's tags on every object",
    "types/common/test_two_teams.py": "every name in every property, of another team's things",
    "types/service/tasks/test_no_wildcards_in_policies.py": "no property widens a task's policy",
    "types/service/tasks/test_written_policies.py": "scanners read the policies that are written",
    "types/values/test_removal_properties.py": "properties that are no longer valid, at a removal",
    "upgrade/migration/test_rogue_server.py": "a server in the database's place, from both tasks",
}
"""Files whose subject is more than one module's, each with the subject."""

MOST_WITHOUT_TESTS = 10


def modules() -> Iterator[Path]:
    """Yield the modules of the product; of a package's own one only if it defines anything."""
    for path in sorted(PRODUCT.rglob("*.py")):
        if path.name != "__init__.py" or _defines_something(path):
            yield path.relative_to(PRODUCT)


def _defines_something(path: Path) -> bool:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) for node in ast.parse(path.read_text()).body)


def place_of(module: Path) -> Path:
    """Return where a module's tests belong; those of a package's own code by its name."""
    name = module.parent.name if module.name == "__init__.py" else module.stem
    return module.with_name(f"test_{name}.py")


def files_of_tests() -> set[str]:
    return {path.relative_to(UNIT).as_posix() for path in UNIT.rglob("test_*.py")}


EXPECTED = {place_of(module).as_posix(): module.as_posix() for module in modules()}


def test_each_module_has_its_file_of_tests_or_a_reason_why_it_needs_none() -> None:
    missing = {module for test, module in EXPECTED.items() if test not in files_of_tests()}
    assert missing == set(WITHOUT_TESTS), "what is on the list and has tests goes from it, too"
    assert len(WITHOUT_TESTS) < MOST_WITHOUT_TESTS
    assert all(WITHOUT_TESTS.values())


def test_each_file_of_tests_is_a_modules_or_on_the_list_with_its_subject() -> None:
    assert files_of_tests() - EXPECTED.keys() == set(CROSS_CUTTING)
    assert all(CROSS_CUTTING.values())


def test_each_folder_of_tests_is_a_room_of_the_product() -> None:
    folders = {path.parent.relative_to(UNIT) for path in UNIT.rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (PRODUCT / folder).is_dir()] == []
