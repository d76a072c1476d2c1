"""`sam build`: where uv cannot install what the functions need, pip does, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import environments, provider
from local.install.tools import Tools

TEMPLATE = """\
Resources:
  Function:
    Metadata:
      BuildMethod: python-uv
"""
# Stands for sam: builds what is not to be built by uv, and fails for uv with the words in $UV_SAYS.
SAM = """\
#!/bin/sh
echo "$@" >> {asked}
while [ $# -gt 0 ]; do
  case $1 in --template-file) template=$2 ;; --build-dir) folder=$2 ;; esac
  shift
done
if grep -q python-uv "$template"; then echo "Build Failed"; echo "Error: $UV_SAYS"; exit 1; fi
mkdir "$folder" && cp "$template" "$folder/template.yaml"
"""


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template of one function, on a machine whose uv fails."""
    sam = tmp_path / "sam"
    sam.write_text(SAM.format(asked=tmp_path / "asked"))
    sam.chmod(0o755)
    monkeypatch.setattr(environments, "sam", lambda _: sam)
    monkeypatch.setattr(provider, "BUILDS", tmp_path / "builds")
    if Tools(print).uv() is None:
        pytest.skip("uv is not to be had on this machine")
    (tmp_path / "code").mkdir()
    template = tmp_path / "code" / "template.yaml"
    template.write_text(TEMPLATE)
    return template


def test_where_uv_cannot_install_pip_builds_the_same_code_and_it_is_said(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_SAYS", "PythonUvBuilder:ResolveDependencies - UV pip install failed: -")
    told: list[str] = []

    built = provider.build(template, tmp_path / "logs", told.append)

    assert "python-uv" not in built.read_text()
    assert any("UV pip install failed" in line and "Now pip tries" in line for line in told)
    by_uv, by_pip = (tmp_path / "asked").read_text().splitlines()
    assert by_uv.split("--base-dir")[1] == by_pip.split("--base-dir")[1]


def test_what_fails_for_another_reason_is_not_tried_again(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_SAYS", "the template has no resources")

    with pytest.raises(provider.SamFailedError, match="the template has no resources"):
        provider.build(template, tmp_path / "logs", print)

    assert len((tmp_path / "asked").read_text().splitlines()) == 1
