"""The command: what it is given, which view it takes, how it ends."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from botocore.exceptions import BotoCoreError, ClientError

from cfn_mlflow_watch import errors
from cfn_mlflow_watch.account import Account, EndpointError
from cfn_mlflow_watch.cloudformation import NoStackError
from cfn_mlflow_watch.follow import Watch
from cfn_mlflow_watch.items import Ended
from cfn_mlflow_watch.resource_types import PROVIDER_NAME
from cfn_mlflow_watch.view import View, view_for

SUCCEEDED, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
NAME = "cfn-mlflow-watch"


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Watch a stack. Returns 0 if its operation succeeded, 1 if not, 2 if it cannot be watched."""
    asked = parser().parse_args(arguments)
    try:
        return _watch(asked, out or sys.stdout)
    except NoStackError:
        return _unusable(
            f"There is no stack {asked.stack} in {_place(asked)}. Check name, account and Region; "
            "a deleted stack is found by its id; --wait-for-start waits for one to come."
        )
    except EndpointError as error:
        return _unusable(str(error))
    except (BotoCoreError, ClientError) as error:
        return _unusable(errors.sentence(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the pipe has gone: nothing more can be written, at the end of Python either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    made = argparse.ArgumentParser(
        prog=NAME,
        description="Shows a stack's operation as it goes: its events, and what each MLflow "
        "resource waits for and since when; at the end the outputs, or why it failed and what to "
        "do. Exit status: 0 succeeded, 1 failed or rolled back, 2 cannot be watched.",
    )
    made.add_argument("stack", help="name or id of the stack")
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    made.add_argument(
        "--wait-for-start",
        action="store_true",
        help="wait for the stack, or for its next operation, to begin",
    )
    made.add_argument("--region", help="the stack's Region; else AWS_REGION or the profile's")
    made.add_argument("--profile", help="profile of the AWS CLI; else AWS_PROFILE")
    made.add_argument("--endpoint-url", help="of a local AWS; else AWS_ENDPOINT_URL")
    made.add_argument(
        "--provider-name",
        default=PROVIDER_NAME,
        help="the ProviderName that cfn-mlflow was installed with (%(default)s)",
    )
    return made


def _watch(asked: argparse.Namespace, out: TextIO) -> int:
    account = Account(asked.profile, asked.region, asked.endpoint_url)
    watch = Watch(
        account.cloudformation(),
        account.logs(),
        provider_name=asked.provider_name,
        wait_for_start=asked.wait_for_start,
    )
    view = view_for(out, as_json=asked.json, endpoint=account.endpoint)
    ended = _shown(watch, view, asked.stack)
    return SUCCEEDED if ended and ended.succeeded else FAILED


def _shown(watch: Watch, view: View, stack: str) -> Ended | None:
    ended = None
    try:
        for item in watch.items(stack):
            view.show(item)
            ended = item if isinstance(item, Ended) else ended
    finally:
        view.close()
    return ended


def _place(asked: argparse.Namespace) -> str:
    account = Account(asked.profile, asked.region, asked.endpoint_url)
    return f"{account.region}{f' at {account.endpoint}' if account.endpoint else ''}"


def _unusable(words: str) -> int:
    print(f"{NAME}: {words}", file=sys.stderr)
    return UNUSABLE


def command() -> None:
    """Run the command; the script that an installation makes calls this."""
    sys.exit(main())


if __name__ == "__main__":
    command()
