from __future__ import annotations

import socket
from pathlib import Path

import pytest

from cfn_mlflow.cloudformation.delivery import RefusedError, UndeliveredError, deliver
from tests.support.cloudformation.protocol_kit import HOST, Answers, FakeTime, signed_url


def send(answers: Answers, left: float = 60, url: str | None = None) -> FakeTime:
    time = FakeTime()
    end = time.at + left
    deliver(url or signed_url(), b'{"Status": "SUCCESS"}', lambda: end - time.at, time.clock)
    return time


def test_the_bytes_arrive_as_they_are(answers: Answers) -> None:
    send(answers)

    assert answers.bodies == [b'{"Status": "SUCCESS"}']


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_server_is_tried_again_with_growing_pauses(
    answers: Answers, status: int
) -> None:
    answers.statuses = [status] * 4

    time = send(answers)

    assert len(answers.bodies) == 5
    assert len(time.slept) == 4
    assert all(0 <= pause <= 5 for pause in time.slept)


def test_a_connection_that_breaks_is_tried_again(answers: Answers) -> None:
    answers.hang_up = 2

    send(answers)

    assert len(answers.bodies) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 403, 404, 408, 429])
def test_a_refusal_is_no_success_and_is_not_tried_again(answers: Answers, status: int) -> None:
    answers.statuses = [status, 200]

    with pytest.raises(RefusedError, match=str(status)):
        send(answers)

    assert len(answers.bodies) == 1


def test_tries_end(answers: Answers) -> None:
    answers.statuses = [503] * 100

    with pytest.raises(UndeliveredError, match="503"):
        send(answers)

    assert len(answers.bodies) == 5


def test_nothing_is_tried_when_no_time_is_left(answers: Answers) -> None:
    with pytest.raises(UndeliveredError, match="no time was left"):
        send(answers, left=0)

    assert answers.bodies == []


def test_pauses_end_with_the_time_left(answers: Answers) -> None:
    answers.statuses = [503] * 100

    with pytest.raises(UndeliveredError):
        send(answers, left=0.001)

    assert len(answers.bodies) <= 5


def test_a_server_nobody_vouches_for_gets_nothing(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nobody.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nobody.pem"))

    with pytest.raises(UndeliveredError, match="SSLCertVerificationError"):
        send(answers)

    assert answers.bodies == []


def test_a_certificate_of_another_host_gets_nothing(answers: Answers) -> None:
    with pytest.raises(UndeliveredError, match="SSLCertVerificationError"):
        send(answers, url=signed_url().replace(HOST, f"127.0.0.1:{answers.port}"))

    assert answers.bodies == []


def test_a_server_that_says_nothing_is_given_up(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cfn_mlflow.cloudformation.delivery.SOCKET_TIMEOUT", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/?X-Amz-Signature=secret"
        with pytest.raises(UndeliveredError, match="TimeoutError"):
            send(answers, url=url)


def test_no_error_names_the_url(answers: Answers) -> None:
    answers.statuses = [403]
    with pytest.raises(RefusedError) as refused:
        send(answers)
    with pytest.raises(UndeliveredError) as undelivered:
        send(answers, url=signed_url().replace(HOST, "nowhere.invalid"))

    for error in (refused.value, undelivered.value):
        assert "X-Amz" not in f"{error!r} {error.__cause__!r} {error.__context__!r}"
