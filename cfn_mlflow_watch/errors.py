"""What goes wrong in a call: what passes by itself, and what to do about the rest."""

from __future__ import annotations

from botocore import exceptions as boto

_PASSING_CODES = (
    "InternalFailure",
    "InternalServerException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
_DENIED_CODES = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_EXPIRED_CODES = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN_CODES = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "AuthFailure",
)
_EXPIRED = (
    boto.UnauthorizedSSOTokenError,
    boto.SSOTokenLoadError,
    boto.TokenRetrievalError,
    boto.CredentialRetrievalError,
)
_UNREACHED = (boto.ConnectionError, boto.HTTPClientError)

_ADVICE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (
        (boto.NoCredentialsError, boto.PartialCredentialsError),
        "There are no AWS credentials. Give --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID "
        "and AWS_SECRET_ACCESS_KEY. For the local AWS: `source .local/env`.",
    ),
    (boto.NoRegionError, "No Region is set. Give --region, or set AWS_REGION."),
    (
        boto.ProfileNotFound,
        "{error}. `aws configure list-profiles` shows those that there are.",
    ),
    (
        _UNREACHED,
        "AWS cannot be reached: {error}. Check the Region, the endpoint and the network; "
        "`make local` starts the local AWS.",
    ),
)

RENEW = "Renew them (`aws sso login`, say) and run the command again: the stack goes on meanwhile."


def code(error: Exception) -> str:
    """Return AWS's code of an error; empty for one that AWS did not answer."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def is_denied(error: Exception) -> bool:
    """Tell whether the caller lacks the right to a call."""
    return code(error) in _DENIED_CODES


def is_passing(error: Exception) -> bool:
    """Tell whether the same call may work a little later."""
    return isinstance(error, _UNREACHED) or code(error) in _PASSING_CODES


def is_of_credentials(error: Exception) -> bool:
    """Tell whether the credentials have expired; others may be there by now."""
    return isinstance(error, _EXPIRED) or code(error) in _EXPIRED_CODES


def sentence(error: Exception) -> str:
    """Return what is wrong and what to do, for an error that does not pass by itself."""
    if is_of_credentials(error):
        return f"The credentials have expired. {RENEW}"
    if code(error) in _UNKNOWN_CODES:
        return f"AWS does not know the credentials ({code(error)}). Check the profile or the keys."
    if is_denied(error):
        return f"{error}. The rights that this command needs are in docs/watching.md."
    for kinds, advice in _ADVICE:
        if isinstance(error, kinds):
            return advice.format(error=str(error).rstrip("."))
    return str(error)
