"""The tags of scalable targets, which moto 5.2.5 does not know."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse


def install(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Let moto keep the tags of scalable targets; return them by ARN."""
    tags: dict[str, dict[str, str]] = {}
    register = ApplicationAutoScalingResponse.register_scalable_target

    def register_with_tags(response: Any) -> str:
        answer = register(response)
        asked = json.loads(response.body)
        if "Tags" in asked:
            tags[json.loads(answer)["ScalableTargetARN"]] = asked["Tags"]
        return answer

    def list_tags(response: Any) -> str:
        return json.dumps({"Tags": tags.get(json.loads(response.body)["ResourceARN"], {})})

    def add_tags(response: Any) -> str:
        asked = json.loads(response.body)
        tags.setdefault(asked["ResourceARN"], {}).update(asked["Tags"])
        return "{}"

    def remove_tags(response: Any) -> str:
        query = parse_qs(urlsplit(response.uri).query)
        asked = json.loads(response.body) if response.body else {}
        arn = asked.get("ResourceARN") or query["resourceARN"][0]
        for key in asked.get("TagKeys") or query["tagKeys"]:
            tags.get(arn, {}).pop(key, None)
        return "{}"

    known = {
        "register_scalable_target": register_with_tags,
        "list_tags_for_resource": list_tags,
        "tag_resource": add_tags,
        "untag_resource": remove_tags,
    }
    for name, method in known.items():
        monkeypatch.setattr(ApplicationAutoScalingResponse, name, method, raising=False)
    return tags
