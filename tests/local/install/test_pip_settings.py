"""Settings of pip for uv: whoever installs from a company's index is served by uv, too."""

from __future__ import annotations

from pathlib import Path

from local.install import pip_settings

LISTED = """\
:env:.timeout='180'
global.cert='/company/ca.pem'
global.extra-index-url='https://a.example/simple\\nhttps://b.example/simple'
global.index-url='https://global.example/simple'
global.timeout='15'
install.index-url='https://install.example/simple'
list.format='columns'
"""


def test_a_variable_wins_over_the_section_install_and_that_over_global() -> None:
    settings = pip_settings.parse(LISTED)
    assert settings["timeout"] == "180"
    assert settings["index-url"] == "https://install.example/simple"
    assert "format" not in settings


def test_the_index_the_certificate_and_the_patience_of_pip_are_given_to_uv() -> None:
    told = pip_settings.for_uv(pip_settings.parse(LISTED), {})
    assert told["UV_DEFAULT_INDEX"] == "https://install.example/simple"
    assert told["UV_INDEX"] == "https://a.example/simple https://b.example/simple"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert told["SSL_CERT_FILE"] == "/company/ca.pem"
    assert told["UV_HTTP_TIMEOUT"] == "180"


def test_what_the_user_tells_uv_wins_over_pips_settings() -> None:
    own = {"UV_DEFAULT_INDEX": "https://own.example/simple", "SSL_CERT_FILE": "/own.pem"}
    told = pip_settings.for_uv(pip_settings.parse(LISTED), own)
    assert not {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY", "SSL_CERT_FILE"} & told.keys()


def test_without_settings_uv_asks_its_own_index_and_downloads_no_python() -> None:
    told = pip_settings.for_uv({}, {})
    assert told.keys() <= {"UV_PYTHON_DOWNLOADS", "UV_SYSTEM_CERTS"}
    assert told["UV_PYTHON_DOWNLOADS"] == "never"


def test_a_folder_of_wheels_that_is_not_there_is_left_out_as_pip_does(tmp_path: Path) -> None:
    links = f"{tmp_path}\n/not/there file:///not/there https://links.example/"
    told = pip_settings.for_uv({"find-links": links}, {})
    assert told["UV_FIND_LINKS"] == f"{tmp_path},https://links.example/"


def test_a_certificate_of_requests_counts_and_a_folder_of_them_too(tmp_path: Path) -> None:
    told = pip_settings.for_uv({}, {"REQUESTS_CA_BUNDLE": str(tmp_path)})
    assert told["SSL_CERT_DIR"] == str(tmp_path)
    assert "UV_SYSTEM_CERTS" not in told


def test_a_proxy_without_a_scheme_is_one_by_http() -> None:
    told = pip_settings.for_uv({"proxy": "user:word@proxy.example:3128"}, {})
    assert told["HTTPS_PROXY"] == told["HTTP_PROXY"] == "http://user:word@proxy.example:3128"


def test_no_index_is_an_option_that_can_be_off() -> None:
    assert pip_settings.no_index({"no-index": "1"})
    assert not pip_settings.no_index({"no-index": "false"})
    assert not pip_settings.no_index({})
