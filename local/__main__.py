"""`python -m local start|stop|status|env|image`: the local AWS for a person at a terminal.

`start` (`make local`) starts it, deploys the provider and returns. PORT chooses the port, MLFLOW
further MLflow releases that stacks may name. `start --foreground` stays, and ends it with Ctrl-C.
`stop` (`make local-stop`) ends it; `image` adds an MLflow release.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from local import aws, env_file, environments, further_release, ports, provider, status
from local.aws import LocalAws, LocalAwsError
from local.environments import ROOT, EnvironmentFailedError, to_terminal

NOT_RUNNING = 3
USAGE = 2


def main() -> int:
    """Run the command and return its exit code."""
    options = _options()
    try:
        code = _run(options)
        sys.stdout.flush()
    except ports.PortError as error:
        print(error, file=sys.stderr)
        return USAGE
    except (LocalAwsError, EnvironmentFailedError, provider.SamFailedError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the pipe has gone: nothing more can be written, at the end of Python either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("Stopped; what was begun here has ended.", file=sys.stderr)
        return environments.INTERRUPTED
    return code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local", description="The local AWS.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="start it and deploy the provider")
    start.add_argument("--foreground", action="store_true", help="stay until Ctrl-C")
    start.add_argument("--template", type=Path, default=ROOT / "template.yaml")
    commands.add_parser("stop", help="end it; nothing is left but its logs")
    commands.add_parser("status", help="say whether it runs, what is in it, what it takes on disk")
    commands.add_parser("env", help="print the environment variables to use it")
    image = commands.add_parser("image", help="add an MLflow release that stacks may name")
    image.add_argument("release", help="such as 3.14.0")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> int:
    if options.command == "start":
        return _start(options)
    local_aws = LocalAws(state=aws.DEFAULT_STATE)
    if options.command == "stop":
        return _stop(local_aws)
    if options.command == "image":
        further_release.pin(options.release, to_terminal)
        local_aws.image(options.release)
        print(f"The image mlflow:v{options.release} is there, for a local AWS that runs, too.")
    elif options.command == "env":
        print(env_file.exports(local_aws), end="")
    else:
        print(status.text(local_aws))
        return 0 if local_aws.running else NOT_RUNNING
    return 0


def _start(options: argparse.Namespace) -> int:
    # Only a start takes a port: for other commands PORT may be that of the user's own program.
    port = ports.parse(os.environ.get("PORT", ""))
    releases = os.environ.get("MLFLOW", "").replace(",", " ").split()
    local_aws = LocalAws(port=port, state=aws.DEFAULT_STATE, images=releases)
    for release in releases:
        further_release.pin(release, to_terminal)
    if not local_aws.running:
        environments.prepare((environments.MLFLOW_VERSION, *releases), sam=True)
    # Whoever starts one at the same time waits here until it is whole, and so does who ends it.
    with local_aws.alone():
        if local_aws.running:
            return _use_the_one_that_runs(options, local_aws, port, releases)
        local_aws.start(owned=options.foreground)
        try:
            local_aws.deploy_provider(template=options.template)
            _say_how_to_use(local_aws, "The local AWS is at")
        except BaseException:
            local_aws.stop()
            raise
    if options.foreground:
        _stay(local_aws)
    return 0


def _use_the_one_that_runs(
    options: argparse.Namespace, local_aws: LocalAws, port: int, releases: list[str]
) -> int:
    if options.foreground or port not in (0, local_aws.port):
        print(
            f"A local AWS runs already at {local_aws.endpoint}; one folder has one. Use it "
            f"(`make local` without more), or end it first: `make local-stop`.",
            file=sys.stderr,
        )
        return 1
    for release in releases:
        local_aws.image(release)
    if not status.provider_deployed(local_aws):
        local_aws.deploy_provider(template=options.template)
    _say_how_to_use(local_aws, "A local AWS runs already at")
    return 0


def _say_how_to_use(local_aws: LocalAws, where: str) -> None:
    env_file.write(local_aws)
    print(f"{where} {local_aws.endpoint}, with the provider deployed.")
    print(f"To use it: source {env_file.FILE.relative_to(ROOT)}")
    print("To see what is in it: make status. To end it: make local-stop")


def _stop(local_aws: LocalAws) -> int:
    with local_aws.alone():
        runs = local_aws.endpoint if local_aws.running else None
        local_aws.stop()
        env_file.remove()
    if runs:
        logs = local_aws.logs.relative_to(ROOT)
        print(f"The local AWS at {runs} has ended, with all that ran on it. Its logs: {logs}")
    else:
        print("No local AWS runs that `make local` or `make demo KEEP=1` started.")
    return 0


def _stay(local_aws: LocalAws) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("stopping")
    finally:
        local_aws.stop()
        env_file.remove()


if __name__ == "__main__":
    sys.exit(main())
