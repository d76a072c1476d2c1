"""The functions' log: lines of JSON, the message first."""

from __future__ import annotations

import io
import json

from tests.support.cloudformation.protocol_kit import LOGICAL_ID, STACK_ID, World


def test_every_line_is_json_that_begins_with_the_message_and_names_the_request(
    world: World, written: io.StringIO
) -> None:
    world.handle(world.event())

    raw = written.getvalue().splitlines()
    assert raw
    for line in raw:
        assert line.startswith('{"message":')
        fields = json.loads(line)
        assert fields["stack"] == "tracking"
        assert fields["stack_id"] == STACK_ID
        assert fields["logical_id"] == LOGICAL_ID
        assert fields["request_id"] == world.event()["RequestId"]
        assert fields["level"] == "INFO"
