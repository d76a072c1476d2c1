"""Past a company's proxy to the local AWS, and through the local one to its load balancers."""

from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost", "127.0.0.0/8")
"""Not every program knows a range of addresses, so the first two stand for themselves."""
PAST = ("NO_PROXY", "no_proxy")
"""The variables that name what is asked without a proxy."""

_ALL = "*"


def past_for_loopback(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that lead past any proxy to this machine, besides what they name now.

    Programs differ in which of the two they read; where both are there, most prefer the small one.
    """
    said = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    names = [name.strip() for name in said.split(",") if name.strip()]
    wanted = _ALL if names == [_ALL] else ",".join(dict.fromkeys([*names, *LOOPBACK]))
    return dict.fromkeys(PAST, wanted)


def through(proxy: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of `environ` with `proxy` for all of HTTP, and no way past it."""
    others = {name: value for name, value in environ.items() if not _is_of_proxies(name)}
    return {**others, "HTTP_PROXY": proxy, "http_proxy": proxy}


def _is_of_proxies(variable: str) -> bool:
    return variable.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
