"""Puts the provider on the local AWS by the real `sam build` and `sam deploy`, unmodified.

The build is kept in .local/build and made again when the functions or the template have changed.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from local import environments
from local.environments import ROOT, Say, to_terminal
from local.install.tools import TOOLS, Tools
from local.launch.session import Session

STACK_NAME = "cfn-mlflow"
BUILDS = ROOT / ".local" / "build"

ARTIFACTS = "artifacts-of-sam"
"""The bucket of the local AWS that sam uploads to."""

_KEPT_BUILDS = 3


class SamFailedError(RuntimeError):
    """`sam` ended with an error; the text holds its last lines and names its log."""

    @property
    def by_uv(self) -> bool:
        """Whether uv could not install what a function needs."""
        # The name of its way to build, as sam tells it before the reason.
        return "PythonUvBuilder:" in str(self)


def architecture() -> str:
    """Return Lambda's name for this host's architecture, the only one it can run."""
    machine = platform.machine().lower()
    return "arm64" if machine in {"arm64", "aarch64"} else "x86_64"


def host_parameters() -> dict[str, str]:
    """Return the template parameters by which the build matches this host."""
    return {"Runtime": environments.host_runtime(), "Architecture": architecture()}


def build(template: Path, logs: Path, say: Say = to_terminal) -> Path:
    """Run `sam build` and return the built template; do nothing if neither it nor its code changed.

    Raises SamFailedError. The functions' code is what stands beside the template.
    """
    place = BUILDS / _fingerprint(template)
    built = place / "template.yaml"
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if built.exists():
            os.utime(place)
            return built
        say("building the functions (sam build)")
        unfinished = BUILDS / "unfinished"
        _build_into(unfinished, template, logs, say)
        # Moved only when it is whole: a build that was killed is made again.
        unfinished.rename(place)
        _forget_old_builds()
    return built


def _build_into(folder: Path, template: Path, logs: Path, say: Say) -> None:
    """Build by uv; where it is not to be had, or cannot install what the functions need, by pip."""
    tools = Tools(say)
    if tools.uv():
        try:
            _sam_build(folder, template, tools, logs, say)
        except SamFailedError as error:
            if not error.by_uv:
                raise
            say(f"{error}\nNow pip tries the same; it takes longer.")
        else:
            return
    _sam_build(folder, _built_by_pip(template), tools, logs, say, beside=template)


def _sam_build(  # noqa: PLR0913 - each is its own
    folder: Path,
    template: Path,
    tools: Tools,
    logs: Path,
    say: Say,
    *,
    beside: Path | None = None,
) -> None:
    """Run `sam build`; the functions' code stands beside the template, or `beside` another."""
    shutil.rmtree(folder, ignore_errors=True)
    argv = ["build", "--template-file", str(template), "--build-dir", str(folder)]
    argv += ["--cached", "--cache-dir", str(BUILDS / "cache")]
    argv += ["--base-dir", str((beside or template).parent)]
    argv += ["--parameter-overrides", *_overrides(host_parameters())]
    _sam(argv, logs / "sam-build.log", _uv_variables(tools), say)


def build_release(folder: Path, logs: Path, say: Say = to_terminal) -> Path:
    """Run `sam build` as it stands, for the template's own defaults; return the built template.

    Raises SamFailedError.
    """
    say("building the functions (sam build)")
    argv = ["build", "--template-file", str(ROOT / "template.yaml"), "--build-dir", str(folder)]
    _sam(argv, logs / "sam-build.log", _uv_variables(Tools(say)), say)
    return folder / "template.yaml"


def deploy(  # noqa: PLR0913 - each is its own choice
    built: Path,
    env: Mapping[str, str],
    logs: Path,
    *,
    stack_name: str = STACK_NAME,
    parameters: Mapping[str, str] | None = None,
    say: Say = to_terminal,
) -> None:
    """Run `sam deploy` with the built template against the endpoint in `env`.

    `parameters` are template parameters besides those of the host. Raises SamFailedError.
    """
    say("deploying the provider (sam deploy)")
    argv = ["deploy", "--template-file", str(built), "--stack-name", stack_name]
    argv += ["--s3-bucket", _bucket(env), "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    argv += ["--no-progressbar", "--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    argv += ["--parameter-overrides", *_overrides({**host_parameters(), **(parameters or {})})]
    _sam(argv, logs / f"sam-deploy-{stack_name}.log", env, say)


def _bucket(env: Mapping[str, str]) -> str:
    """Return a bucket for what is uploaded, made if it is not there.

    With --resolve-s3 sam makes one in a stack of its own, and looks every 15 seconds whether that
    is complete.
    """
    Session(env).client("s3").create_bucket(Bucket=ARTIFACTS)
    return ARTIFACTS


def _built_by_pip(template: Path) -> Path:
    """Return a copy of the template from which sam builds with pip: where there is no uv.

    It builds for this host alone. sam takes paths from the folder of the original.
    """
    copy = BUILDS / "template-for-pip.yaml"
    copy.write_text(template.read_text().replace("      BuildMethod: python-uv\n", ""))
    return copy


def _is_in_the_way(variable: str) -> bool:
    """Whether a variable is for another account, or keeps sam from starting fast."""
    return variable.startswith("AWS_") or variable == "PYTHONDONTWRITEBYTECODE"


def _uv_variables(tools: Tools) -> dict[str, str]:
    """Return the variables by which uv finds its cache and its index within sam."""
    return {name: value for name, value in tools.uv_environment().items() if _is_uvs(name)}


def _is_uvs(variable: str) -> bool:
    return variable.startswith(("UV_", "SSL_")) or variable.lower().endswith("_proxy")


def _overrides(parameters: Mapping[str, str]) -> list[str]:
    return [f"ParameterKey={name},ParameterValue={value}" for name, value in parameters.items()]


def _sam(argv: list[str], log: Path, env: Mapping[str, str], say: Say) -> None:
    python = environments.sam(say)
    settings = ROOT / ".local" / "sam"
    settings.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    # sam leaves folders where temporary files are: they go with this one.
    with tempfile.TemporaryDirectory(dir=settings) as temporary, log.open("w") as output:
        done = subprocess.run(
            [str(python), "-m", "samcli", *argv],
            env={**_sam_environment(settings, temporary), **env},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise SamFailedError(f"sam {argv[0]} failed with {done.returncode}:\n{tail}\nWhole: {log}")


def _sam_environment(settings: Path, temporary: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not _is_in_the_way(name)},
        # sam looks there for uv; without it, for an interpreter of the Runtime that has pip.
        "PATH": f"{TOOLS / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "__SAM_CLI_APP_DIR": str(settings),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "TMPDIR": temporary,
    }


def _fingerprint(template: Path) -> str:
    """Hash of all that goes into a build: the template, the code beside it, the host."""
    digest = hashlib.sha256(repr(sorted(host_parameters().items())).encode())
    for file in [template, *_sources(template.parent / "functions")]:
        digest.update(f"\0{file.relative_to(template.parent)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    )


def _forget_old_builds() -> None:
    builds = [path.parent for path in BUILDS.glob("*/template.yaml")]
    for old in sorted(builds, key=lambda path: path.stat().st_mtime)[:-_KEPT_BUILDS]:
        shutil.rmtree(old, ignore_errors=True)
