"""The MLflow image: a tag of the official image, or the URI of another. A digest may pin either."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import ValidationInfo, field_validator

from cfn_mlflow.types.values.base import Properties, described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.rules import WORDS, ValueRule, read_text
from cfn_mlflow.types.values.standing import may_stand

OFFICIAL_IMAGE = "ghcr.io/mlflow/mlflow"
DEFAULT_IMAGE_TAG = "v3.17.2-full"

_TAG = re.compile(r"v([0-9]+)\.([0-9]+)\.([0-9]+)(?:rc[0-9]+)?-full")
_DIGEST = "@sha256:[0-9a-f]{64}"
_PINNED_TAG = re.compile(rf"{_TAG.pattern}(?:{_DIGEST})?")
_TAG_WORDS = (
    "must be a tag with the drivers in it, with @sha256: and 64 hexadecimal digits behind it or"
    f" without, such as {DEFAULT_IMAGE_TAG}"
)
_IMAGE_WORDS = "must be an image reference, registry/name:tag or registry/name@sha256:..."
_FIRST_FULL_RELEASE = (3, 9, 0)
_FIRST_RELEASE_WITH_SIGN_IN = (3, 14, 0)
"""Earlier official images lack Flask-WTF, so their server ends at once (MLflow's issue 23890)."""
_FIRST_RELEASE_WITH_PROVIDERS = (3, 12, 0)
"""The first release that reads MLFLOW_GATEWAY_ALLOWED_PROVIDERS."""
_IMAGE = re.compile(
    r"(?P<name>[0-9A-Za-z][0-9A-Za-z._:-]*(?:/[0-9a-z]+(?:[._-]+[0-9a-z]+)*)+|[0-9a-z][0-9a-z._-]*)"
    rf"(?::(?P<tag>\w[\w.-]{{0,127}}))?(?P<digest>{_DIGEST})?"
)


def read_image_tag(value: object) -> str:
    """Return a tag of the official image that includes the database drivers and boto3.

    A digest may follow the tag. ECS then pulls the image with that digest, even if the tag has
    moved. Raises WrongValueError for any other value.
    """
    tag = read_text(value)
    found = _PINNED_TAG.fullmatch(tag)
    if not found:
        raise WrongValueError(_TAG_WORDS, tag)
    if tuple(map(int, found.groups())) < _FIRST_FULL_RELEASE:
        raise WrongValueError("3.9.0 is the first with a -full image; give another by its URI", tag)
    return tag


def sign_in_fault(image: str) -> str:
    """Return why nobody can sign in to an official image, or an empty text if that is not so.

    For an image that is not official the text is always empty.
    """
    tag, release = _official(image)
    if release >= _FIRST_RELEASE_WITH_SIGN_IN:
        return ""
    return (
        f"the official image {tag} lacks Flask-WTF, which that needs: 3.14.0 is the first with it"
    )


def gateway_fault(image: str) -> str:
    """Return why an official image would call every provider, or an empty text if it would not.

    For an image that is not official the text is always empty.
    """
    tag, release = _official(image)
    if release >= _FIRST_RELEASE_WITH_PROVIDERS:
        return ""
    return f"the official image {tag} keeps to no list of providers: 3.12.0 is the first that does"


def _official(image: str) -> tuple[str, tuple[int, ...]]:
    """Return the tag and the release of an official image.

    For any other image, return an empty tag and a release that is later than all.
    """
    name, _, tag = image.partition("@")[0].rpartition(":")
    found = _TAG.fullmatch(tag)
    if name != OFFICIAL_IMAGE or not found:
        return "", (2**16,)
    return tag, tuple(map(int, found.groups()))


def read_image(value: object) -> str:
    """Return an image reference with a tag or a digest. Raises WrongValueError for any other."""
    image = read_text(value)
    found = _IMAGE.fullmatch(image)
    if not found or len(image) > 1024:
        raise WrongValueError(_IMAGE_WORDS, image)
    if not found["tag"] and not found["digest"]:
        raise WrongValueError("must end in a :tag or an @sha256: digest", image)
    return image


ImageTag = Annotated[
    str,
    ValueRule(
        read_image_tag,
        {"type": "string", "pattern": f"^{_PINNED_TAG.pattern}$", WORDS: _TAG_WORDS},
    ),
]
IMAGE = ValueRule(
    read_image,
    {
        "type": "string",
        "pattern": f"^[^\\s*?]+(:[^\\s/*?]+|{_DIGEST})$",
        WORDS: _IMAGE_WORDS,
    },
)
Image = Annotated[str, IMAGE]


def image_uri(image: str | None, tag: str | None) -> str:
    """Return the image to run: the given one, or else the official image with the tag."""
    return image or f"{OFFICIAL_IMAGE}:{tag or DEFAULT_IMAGE_TAG}"


class ImageProperties(Properties):
    """The two properties that name an image: `ImageTag` and `Image`."""

    image_tag: ImageTag | None = described(
        "ImageTag",
        f"Tag of the official image, `{OFFICIAL_IMAGE}`. Only `-full` tags hold the database"
        " drivers and boto3. `@sha256:...` behind the tag pins what it stands for.",
        default=None,
        default_words=f"`{DEFAULT_IMAGE_TAG}`, unless the image is given",
        example=DEFAULT_IMAGE_TAG,
    )
    image: Image | None = described(
        "Image",
        "URI of another image, with a tag or a digest, instead of the tag. It must do what the"
        " official one does, such as a copy in ECR or a pull-through cache there.",
        default=None,
        default_words="the official image",
        example="123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlflow:v3.17.2-full",
    )

    @field_validator("image")
    @classmethod
    @may_stand
    def _not_both(cls, image: str | None, info: ValidationInfo) -> str | None:
        if image is not None and info.data.get("image_tag") is not None:
            raise WrongValueError("give this or {ImageTag}, not both")
        return image

    @property
    def image_uri(self) -> str:
        """The image to run."""
        return image_uri(self.image, self.image_tag)
