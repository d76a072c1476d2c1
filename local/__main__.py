"""`python -m local start|stop|status|env`: the local AWS for a person at a terminal.

`start` (`make local`) starts it, deploys the provider and returns; PORT chooses the port.
`start --foreground` stays, and ends it with Ctrl-C. `stop` (`make local-stop`) ends it.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from local import aws, environments, provider
from local.aws import LocalAws, LocalAwsError
from local.environments import ROOT, EnvironmentFailedError

ENV_FILE = ROOT / ".local" / "env"


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="local", description="The local AWS.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="start it and deploy the provider")
    start.add_argument("--foreground", action="store_true", help="stay until Ctrl-C")
    start.add_argument("--template", type=Path, default=ROOT / "template.yaml")
    commands.add_parser("stop", help="end it; nothing is left but its logs")
    commands.add_parser("status", help="say whether it runs, and where")
    commands.add_parser("env", help="print the environment variables to use it")
    options = parser.parse_args()
    local_aws = LocalAws(port=int(os.environ.get("PORT") or 0), state=aws.DEFAULT_STATE)
    try:
        return _run(options, local_aws)
    except (LocalAwsError, EnvironmentFailedError, provider.SamFailedError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, local_aws: LocalAws) -> int:
    if options.command == "start":
        _start(local_aws, options.template, foreground=options.foreground)
    elif options.command == "stop":
        local_aws.stop()
        ENV_FILE.unlink(missing_ok=True)
    elif options.command == "env":
        print(_exports(local_aws), end="")
    else:
        print(f"running: {local_aws.endpoint}" if local_aws.running else "not running")
        return 0 if local_aws.running else 3
    return 0


def _start(local_aws: LocalAws, template: Path, *, foreground: bool) -> None:
    environments.prepare(sam=True)
    local_aws.start(owned=foreground)
    try:
        local_aws.deploy_provider(template=template)
        ENV_FILE.write_text(_exports(local_aws))
        print(f"The local AWS is at {local_aws.endpoint}, with the provider deployed.")
        print(f"To use it: source {ENV_FILE.relative_to(ROOT)}")
    except BaseException:
        local_aws.stop()
        raise
    if foreground:
        _stay(local_aws)


def _stay(local_aws: LocalAws) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("stopping")
    finally:
        local_aws.stop()
        ENV_FILE.unlink(missing_ok=True)


def _exports(local_aws: LocalAws) -> str:
    # Its own variable: not every program may go through the proxy, only clients of MLflow.
    variables = {**local_aws.env, "LOCAL_AWS_PROXY": local_aws.proxy}
    lines = [f"export {name}='{value}'" for name, value in variables.items()]
    # A profile or a session of the user's would be preferred to the keys above.
    return "\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *lines]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
