"""MLflow releases that the project does not pin: uv pins them for this Python, in .local/images."""

import re

from local import environments
from local.environments import FURTHER_IMAGES, EnvironmentFailedError, Say
from local.install import locks, stamp
from local.install.tools import Tools

# What the official images named `-full` hold besides MLflow and what it needs.
_WANTED = """\
mlflow[auth]=={release}
boto3
psycopg2-binary
PyMySQL
"""
_RELEASE = re.compile(r"\d+\.\d+\.\d+(?:[a-z]+\d+)?")


def pin(release: str, say: Say) -> None:
    """Choose the packages of an MLflow release, if nobody has done so; nothing is installed yet.

    Raises EnvironmentFailedError for a release that does not exist, or not for this Python.
    """
    if not _RELEASE.fullmatch(release):
        raise EnvironmentFailedError(
            f"{release!r} is no release of MLflow: one looks like {environments.MLFLOW_VERSION}."
        )
    if release in environments.releases():
        return
    say(f"Choosing the packages of MLflow {release}")
    tools = Tools(say)
    tools.uv()
    with stamp.alone(FURTHER_IMAGES, f"MLflow {release}", say) as held:
        FURTHER_IMAGES.mkdir(exist_ok=True)
        pins = FURTHER_IMAGES / f"{release}.txt"
        compiler = locks.Compiler(tools, held)
        try:
            compiler.pin(_WANTED.format(release=release), pins)
        except EnvironmentFailedError as error:
            raise EnvironmentFailedError(
                f"MLflow {release} cannot be had for {environments.host_runtime()}: {error}"
            ) from error
        compiler.hash(pins)
