"""`.local/env`: what a shell, and with it every AWS CLI and SDK, needs to use the local AWS."""

from local.aws import LocalAws
from local.environments import ROOT
from local.launch import proxies

FILE = ROOT / ".local" / "env"

# Version 2 of the AWS CLI knows AWS_ENDPOINT_URL from 2.13 on. Version 1 knows it, but in us-east-1
# sends what it asks of RDS and SQS to the Internet all the same. Both take the option.
_AWS_CLI = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }'

# A shell's own proxy and exceptions from it may be others than those of the shell that wrote this.
_PAST_PROXIES = f"""\
no_proxy="${{no_proxy:-${{NO_PROXY:-}}}}"
case ",$no_proxy," in
  *,{proxies.LOOPBACK[0]},* | ",*,") ;;
  *) no_proxy="${{no_proxy:+$no_proxy,}}{",".join(proxies.LOOPBACK)}" ;;
esac
export no_proxy NO_PROXY="$no_proxy"\
"""


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
    for name in proxies.PAST:
        del variables[name]
    lines = [f"export {name}='{value}'" for name, value in variables.items()]
    # A profile or a session of the user's would be preferred to the keys above.
    unset = "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN"
    return "\n".join([unset, *lines, _PAST_PROXIES, _AWS_CLI]) + "\n"
