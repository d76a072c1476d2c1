"""The owner of an object, with the names and tags that it computes and never stores."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cfn_mlflow.reserved_tags import RESERVED_KEYS

OWNER_TAG = "cfn-mlflow:owner"
VERSION_TAG = "cfn-mlflow:version"
COMPLETE_TAG = "cfn-mlflow:complete"
LEFT_BY_TAG = "cfn-mlflow:left-by"
ALLOW_TAG = "cfn-mlflow:allow"
"""On a thing of the user's: the stacks that may name it, by their names, separated by spaces."""
SHARED_TAG = "cfn-mlflow:shared-with"
"""On a thing that the provider made: the other stacks that may name it, in the same form."""
USER_KEYS_TAG = "cfn-mlflow:user-tags"
"""Lists the keys of the user's tags on an object: so a key that is no longer asked can go."""

STACK_TAG = "cfn-mlflow:stack"
STACK_NAME_TAG = "cfn-mlflow:stack-name"
DIGEST_TAG = "cfn-mlflow:digest"
"""Tags of who acts, be it the provider or a task: policies compare them with what is reached."""

ROLE_PATH = "/cfn-mlflow/"
"""Where the tasks' roles are made: the provider may touch no other."""

LONGEST_VALUE = 255
"""Characters of the longest value of a tag that every service takes: Elastic Load Balancing's."""

KEY_DIGEST_CHARACTERS = 6
"""40 keys, of up to 128 characters each, fit a tag's value only by their digests."""

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Owner:
    """One resource of one stack, and the provider that acts for it.

    `digest` is ten lower-case characters made from the stack's GUID and the logical id;
    `prefix` is the readable start of every name; `named` tells whether it is the user's own
    `UniqueName`. `spelled` gives the name under which the user wrote a property.
    """

    provider: str
    stack_id: str
    logical_id: str
    digest: str
    version: str
    prefix: str = "mlflow"
    user_tags: Tags = field(default_factory=dict)
    named: bool = False
    spelled: Callable[[str], str] = str
    shared_with: tuple[str, ...] = ()
    """The other stacks that may name the object, by their names."""

    @property
    def arn_parts(self) -> tuple[str, str, str]:
        """Return partition, Region and account of the stack."""
        _, partition, _, region, account, *_ = self.stack_id.split(":")
        return partition, region, account

    @property
    def stack_name(self) -> str:
        """Return the stack's name."""
        return self.stack_id.split("/")[1]

    @property
    def stack_guid(self) -> str:
        """Return the stack's GUID. A later stack can have the same name, but never this GUID."""
        return self.stack_id.rsplit("/", 1)[-1]

    @property
    def tag(self) -> str:
        """Return the value of the owner tag: stack GUID and logical id.

        A logical id may be as long as a value may be: then its digest stands for its end.
        """
        whole = f"{self.stack_guid}/{self.logical_id}"
        if len(whole) <= LONGEST_VALUE:
            return whole
        return f"{whole[: LONGEST_VALUE - len(self.digest) - 1]}-{self.digest}"

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags that every object carries from the call that makes it."""
        ours = {OWNER_TAG: self.tag, VERSION_TAG: self.version}
        if self.user_tags:
            ours[USER_KEYS_TAG] = "".join(sorted(map(_key_digest, self.user_tags)))
        if self.shared_with:
            ours[SHARED_TAG] = listing(self.shared_with)
        return {**self.user_tags, **ours}

    def owns(self, tags: Tags) -> bool:
        """Return whether an object with these tags is this resource's."""
        return tags.get(OWNER_TAG) == self.tag

    def lacks(self, tags: Tags, more: Tags | None = None) -> bool:
        """Return whether an object's tags are not as asked.

        They are not if a tag of the owner, or of `more`, is missing or has another value. They are
        not either if a tag has to be removed.
        """
        asked = {**self.tags, **(more or {})}
        return any(tags.get(key) != value for key, value in asked.items()) or bool(
            self.no_longer_asked(tags)
        )

    def no_longer_asked(self, tags: Tags) -> list[str]:
        """Return the keys that were set for the user and are not asked any more.

        Among them the tag that shares an object, once nobody shares it.

        Tags that others have set are not in the list that an object carries, and stay.
        """
        listed = tags.get(USER_KEYS_TAG, "")
        digests = {
            listed[start : start + KEY_DIGEST_CHARACTERS]
            for start in range(0, len(listed), KEY_DIGEST_CHARACTERS)
        }
        gone = [
            key
            for key in tags
            if _key_digest(key) in digests
            and key not in self.user_tags
            and not key.lower().startswith(RESERVED_KEYS)
        ]
        if listed and not self.user_tags:
            gone.append(USER_KEYS_TAG)
        if SHARED_TAG in tags and not self.shared_with:
            gone.append(SHARED_TAG)
        return gone

    def name(self, *parts: str, limit: int = 63) -> str:
        """Return `<prefix>-<parts>-<digest>`, its prefix cut so that it fits the limit.

        Lower case, digits and single hyphens, for an empty part is left out; it starts with a
        letter.
        """
        tail = "-".join(filter(None, (*parts, self.digest)))
        prefix = self.prefix[: limit - len(tail) - 1].rstrip("-")
        return f"{prefix}-{tail}"


def listing(stacks: Iterable[str]) -> str:
    """Return the value of a tag that lists these stacks."""
    return " ".join(sorted(set(stacks)))


def _key_digest(key: str) -> str:
    """Return what stands for a key in the list of the user's keys."""
    digest = base64.b32encode(hashlib.sha256(key.encode()).digest()).decode()
    return digest.lower()[:KEY_DIGEST_CHARACTERS]


def fingerprint(*values: object) -> str:
    """Return six characters that stand for what an object cannot change in place."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:6]
