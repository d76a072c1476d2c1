"""`.local/env`: what a shell, and with it every AWS CLI and SDK, needs to use the local AWS."""

from local.aws import LocalAws
from local.environments import ROOT

FILE = ROOT / ".local" / "env"

# Version 2 of the AWS CLI knows AWS_ENDPOINT_URL from 2.13 on. Version 1 knows it, but in us-east-1
# sends what it asks of RDS and SQS to the Internet all the same. Both take the option.
_AWS_CLI = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }'


def write(local_aws: LocalAws) -> None:
    """Write the file for a local AWS that runs; a reader sees the old one or all of the new."""
    staged = FILE.with_suffix(".new")
    staged.write_text(exports(local_aws))
    staged.rename(FILE)


def remove() -> None:
    """Remove the file: what it names has ended."""
    FILE.unlink(missing_ok=True)


def exports(local_aws: LocalAws) -> str:
    """Return the lines of the file."""
    # Its own variable: not every program may go through the proxy, only clients of MLflow.
    variables = {**local_aws.env, "LOCAL_AWS_PROXY": local_aws.proxy}
    lines = [f"export {name}='{value}'" for name, value in variables.items()]
    # A profile or a session of the user's would be preferred to the keys above.
    unset = "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN"
    return "\n".join([unset, *lines, _AWS_CLI]) + "\n"
