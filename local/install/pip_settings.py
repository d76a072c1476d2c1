"""What the machine's settings of pip come to for uv, which reads none of them.

Whoever installs from a company's index has its address in pip.conf or in a PIP_ variable.
"""

import ast
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

# The user's own choice of an index for uv stands in one of these.
_OWN_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_SYSTEM_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_NO = {"", "0", "false", "no", "off", "n", "f"}


def parse(listed: str) -> dict[str, str]:
    """Return the settings that `pip config list` printed, as they hold for `pip install`.

    A variable wins over the section [install], and that one over [global].
    """
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in found:
            found[section][name.replace("_", "-")] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def no_index(settings: Mapping[str, str]) -> bool:
    """Whether pip is told to ask no index; uv has no variable for it, only an option."""
    return settings.get("no-index", "").lower() not in _NO


def for_uv(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which uv does as pip's `settings` say.

    What the user says to uv in `environ` wins.
    """
    wanted = {**_connection(settings, environ), "UV_PYTHON_DOWNLOADS": "never"}
    if not any(environ.get(name) for name in _OWN_INDEX):
        wanted |= _indexes(settings)
    return {name: value for name, value in wanted.items() if value and name not in environ}


def _indexes(settings: Mapping[str, str]) -> dict[str, str]:
    further = settings.get("extra-index-url", "").split()
    return {
        "UV_DEFAULT_INDEX": settings.get("index-url", ""),
        "UV_INDEX": " ".join(further),
        # As pip: any index may hold a release. The hashes of the lock files make that safe.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if further else "",
        "UV_FIND_LINKS": ",".join(
            link for link in settings.get("find-links", "").split() if _is_there(link)
        ),
    }


def _connection(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    bundles = (environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    bundle = settings.get("cert") or next(filter(None, bundles), "")
    proxy = settings.get("proxy", "")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    return {
        "SSL_CERT_DIR" if Path(bundle).is_dir() and bundle else "SSL_CERT_FILE": bundle,
        # uv fails where it is told to use the system's certificates and there are none.
        "UV_SYSTEM_CERTS": "true" if not bundle and _has_system_certificates() else "",
        "SSL_CLIENT_CERT": settings.get("client-cert", ""),
        "UV_INSECURE_HOST": " ".join(settings.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": settings.get("timeout") or settings.get("default-timeout", ""),
        "UV_KEYRING_PROVIDER": "subprocess"
        if settings.get("keyring-provider") == "subprocess"
        else "",
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
    }


def _has_system_certificates() -> bool:
    own = ssl.get_default_verify_paths().cafile
    return any(Path(file).exists() for file in (*_SYSTEM_CERTIFICATES, *([own] if own else [])))


def _is_there(link: str) -> bool:
    """Whether uv can use the link: it fails for a folder that is not there, which pip passes by."""
    parts = urlsplit(link)
    return parts.scheme not in {"", "file"} or Path(parts.path).exists()
