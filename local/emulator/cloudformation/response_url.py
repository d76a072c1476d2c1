"""The ResponseURL of a custom resource: a presigned S3 PUT over TLS, as CloudFormation has it.

The host is CloudFormation's own bucket, whose name leads the functions here
(lambda_/bootstrap.py). Only this address speaks TLS, because every helper library does so whatever
the scheme says; its certificate is S3's, signed by an authority made for this run, which the
functions trust.
"""

import datetime
import hashlib
import hmac
import json
import secrets
import ssl
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ADDRESS = "127.0.0.1"
EXPIRES_SECONDS = 7200
TOO_LONG = "Response object is too long."
MAX_ANSWER_BYTES = 4096

Answer = dict[str, Any]
Receive = Callable[[str, bytes], None]


class ResponseUrls:
    """The TLS server that takes the answers, on a free loopback port."""

    def __init__(self, folder: Path, receive: Receive) -> None:
        """Start serving; `receive(token, body)` gets each accepted PUT.

        `folder` takes the certificates; `folder/trusted.pem` is what a function must trust, and
        `folder/port` has the port.
        """
        self._key = secrets.token_bytes(32)
        self._receive = receive
        self._paths: set[str] = set()
        self.trusted = folder / "trusted.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_make_certificates(folder))
        self._server = ThreadingHTTPServer((ADDRESS, 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port: int = self._server.server_port
        (folder / "port").write_text(str(self.port))
        threading.Thread(
            target=self._server.serve_forever, name="response-url", daemon=True
        ).start()

    def issue(self, stack_id: str, logical_id: str, request_id: str) -> tuple[str, str]:
        """Return (token, url) for one request; the URL is good for two hours from now."""
        region = stack_id.split(":")[3]
        path = "/" + urllib.parse.quote(f"{stack_id}|{logical_id}|{request_id}")
        self._paths.add(path)
        now = datetime.datetime.now(datetime.UTC)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ"),
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Expires": str(EXPIRES_SECONDS),
            "X-Amz-Credential": f"AKIALOCALAWSRESPONSE/{now:%Y%m%d}/{region}/s3/aws4_request",
        }
        signed = urllib.parse.urlencode(query)
        url = f"https://{_host(region)}{path}?{signed}"
        return path, f"{url}&X-Amz-Signature={self._signature(path, query)}"

    def _signature(self, path: str, query: dict[str, str]) -> str:
        text = "\n".join([path, *(f"{name}={query[name]}" for name in sorted(query))])
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def refusal(self, target: str) -> tuple[str, str] | None:
        """Return S3's (code, message) for a PUT to `target` that must be refused, or None."""
        parts = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(parts.query))
        given = query.pop("X-Amz-Signature", "")
        if parts.path not in self._paths or given != self._signature(parts.path, query):
            return "SignatureDoesNotMatch", "The request signature does not match."
        signed = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
        age = datetime.datetime.now(datetime.UTC) - signed
        if age.total_seconds() > int(query["X-Amz-Expires"]):
            return "AccessDenied", "Request has expired"
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        urls = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the URL is a credential."""

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                refused = urls.refusal(self.path)
                if refused is None:
                    urls._receive(urllib.parse.urlsplit(self.path).path, body)
                    self._answer(200, b"")
                else:
                    code, message = refused
                    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
                    self._answer(403, text.encode())

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


def read_answer(body: bytes, request: Answer) -> Answer | None:
    """Return what CloudFormation makes of an answer, or None if it takes no notice of it.

    `request` is the event that it answers. A faulty answer fails the resource with the words
    CloudFormation has for it.
    """
    if len(body) > MAX_ANSWER_BYTES:
        return {"Status": "FAILED", "Reason": TOO_LONG}
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    echoed = ("StackId", "RequestId", "LogicalResourceId")
    if not isinstance(answer, dict) or any(answer.get(k) != request[k] for k in echoed):
        return None
    if answer.get("Status") not in {"SUCCESS", "FAILED"}:
        return None
    physical_id = answer.get("PhysicalResourceId")
    if not isinstance(physical_id, str) or not physical_id or len(physical_id.encode()) > 1024:
        return {"Status": "FAILED", "Reason": "Invalid PhysicalResourceId"}
    return answer


def _host(region: str) -> str:
    """Return the bucket's host, in the spelling that CloudFormation uses in the Region."""
    bucket = f"cloudformation-custom-resource-response-{region.replace('-', '')}"
    return f"{bucket}.{'s3' if region == 'us-east-1' else f's3.{region}'}.amazonaws.com"


def _names_of_s3() -> list[x509.GeneralName]:
    """Return the names in S3's certificates: any bucket, in every Region."""
    regions = botocore.session.get_session().get_available_regions("s3")
    return [
        x509.DNSName("*.s3.amazonaws.com"),
        *(x509.DNSName(f"*.s3.{region}.amazonaws.com") for region in regions),
    ]


def _make_certificates(folder: Path) -> Path:
    """Write an authority and a certificate of S3 signed by it; return the server's file."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = _name("local AWS, this run only")
    authority = (
        _certificate(authority_name, authority_name, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        _certificate(_name("s3.amazonaws.com"), authority_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName(_names_of_s3()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    served = folder / "response-url.pem"
    served.touch(mode=0o600)
    served.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + server.public_bytes(serialization.Encoding.PEM)
    )
    system = ssl.get_default_verify_paths().cafile
    trusted = Path(system).read_bytes() if system else b""
    authority_pem = authority.public_bytes(serialization.Encoding.PEM)
    (folder / "trusted.pem").write_bytes(authority_pem + trusted)
    return served


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
