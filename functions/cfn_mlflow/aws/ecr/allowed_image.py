"""An image that a container runs: any, unless the provider's parameter lists registries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core.allowed import AllowedByDefault, listed


@dataclass(frozen=True, eq=False)
class AllowedImage(AllowedByDefault):
    """An image of MLflow or of a sidecar: what it holds runs with the rights of a task."""

    display_name: ClassVar[str] = "image"
    listed_in: ClassVar[str] = "ALLOWED_IMAGE_PREFIXES"
    unlisted: ClassVar[str] = (
        "is no image that the provider may run. Name one from a registry or repository that its "
        "parameter AllowedImagePrefixes lists, or have this one's added there"
    )

    def is_listed(self) -> bool:
        """Return whether a prefix admits it."""
        return any(admits(prefix, self.name) for prefix in listed(self.listed_in))


def admits(prefix: str, image: str) -> bool:
    """Return whether an image, as it is written, lies where a prefix says.

    A prefix that ends in `/` is a registry or a path of it. Any other is one whole repository: it
    admits none whose name only begins so, and no port of a host.
    """
    return image.startswith(prefix) if prefix.endswith("/") else repository(image) == prefix


def repository(image: str) -> str:
    """Return an image's name without tag and digest; a port of the registry is no tag."""
    path, slash, name = image.partition("@")[0].rpartition("/")
    return f"{path}{slash}{name.partition(':')[0]}"
