"""boto3 on a local AWS, whatever the user's own settings say.

A profile that does not exist, a settings file of AWS's tools that cannot be read, and a proxy of
the company's would each keep boto3 from it.
"""

import os
import threading
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

# Each as botocore keeps a variable: name in the file, variables, default, conversion.
_NOTHING_OF_THE_USERS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_NO_PROXY = Config(proxies={})


class Session(boto3.session.Session):
    """A session whose clients use the local AWS that the variables `env` name.

    Clients asked for by their service alone are made once: that takes longer than most calls.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__(
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            region_name=env["AWS_REGION"],
            botocore_session=botocore.session.Session(session_vars=_NOTHING_OF_THE_USERS),
        )
        self.env = dict(env)
        self._endpoint = env["AWS_ENDPOINT_URL"]
        self._made: dict[str, Any] = {}
        self._making = threading.Lock()

    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        """Return a client of the service."""
        with self._making:
            if args or options:
                return self._make(service_name, *args, **options)
            if service_name not in self._made:
                self._made[service_name] = self._make(service_name)
            return self._made[service_name]

    def resource(self, *args: Any, **options: Any) -> Any:
        """Return a resource of the service."""
        return super().resource(*args, **self._ours(options))

    def _make(self, service_name: Any, *args: Any, **options: Any) -> Any:
        return super().client(service_name, *args, **self._ours(options))

    def _ours(self, options: Mapping[str, Any]) -> dict[str, Any]:
        wanted = options.get("config") or Config()
        return {"endpoint_url": self._endpoint, **options, "config": wanted.merge(_NO_PROXY)}
