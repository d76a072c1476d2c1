"""The function of the probe: notes the event, then does what the properties tell it to.

`Do` (for any request) or `On<Create|Update|Delete>` is a list of words separated by blanks:
  id=X      answers with this physical id (`id=` with an empty one)
  sleep=S   sleeps so many seconds
  hops=N    hands the event to itself N times before it answers
  raise     raises an exception
  die       kills its own process
  silent    ends without an answer
  fail      answers FAILED
  data=N    answers with so many bytes of data
  until=N   does the other words only up to the Nth invocation of this request type, then none
"""

import http.client
import json
import os
import signal
import ssl
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def words(event: Event) -> dict[str, str]:
    properties = event["ResourceProperties"]
    text = properties.get("On" + event["RequestType"], properties.get("Do", ""))
    pairs = (word.partition("=") for word in text.split())
    return {name: value for name, _, value in pairs}


def note(event: Event, context: Any) -> int:
    """Write down what was seen; return how many requests of this type there were by now."""
    seen = Path(os.environ["SEEN"])
    line = {
        "event": event,
        "aws_request_id": context.aws_request_id,
        "pid": os.getpid(),
        "remaining": context.get_remaining_time_in_millis(),
        "env": dict(os.environ),
        "prefix": sys.prefix,
        "path": sys.path,
    }
    with seen.open("a") as file:
        file.write(json.dumps(line) + "\n")
    # The last line may be half written: another invocation is writing it.
    whole = seen.read_text().rpartition("\n")[0]
    lines = [json.loads(text) for text in whole.splitlines()]
    kinds = [one["event"].get("RequestType") for one in lines]
    return kinds.count(event.get("RequestType"))


def put(event: Event, answer: Event) -> int:
    url = urllib.parse.urlsplit(event["ResponseURL"])
    connection = http.client.HTTPSConnection(
        url.netloc, timeout=60, context=ssl.create_default_context()
    )
    connection.request("PUT", f"{url.path}?{url.query}", json.dumps(answer))
    return connection.getresponse().status


def invoke_itself(event: Event, context: Any) -> None:
    """What the SDK does, trace header included."""
    endpoint = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    connection = http.client.HTTPConnection(endpoint.netloc, timeout=60)
    connection.request(
        "POST",
        f"/2015-03-31/functions/{context.function_name}/invocations",
        json.dumps(event),
        {
            "X-Amz-Invocation-Type": "Event",
            "X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"],
            "Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/lambda/aws4_request",
        },
    )
    response = connection.getresponse()
    if response.status != http.client.ACCEPTED:
        raise RuntimeError(response.read().decode())


def handler(event: Event, context: Any) -> str | None:
    times = note(event, context)
    if "ResponseURL" not in event:
        return "noted"
    todo = words(event)
    if "until" in todo and times > int(todo["until"]):
        todo = {}
    time.sleep(float(todo.get("sleep", 0)))
    if times <= int(todo.get("hops", 0)):
        invoke_itself(event, context)
        return None
    if "raise" in todo:
        raise ValueError("told to raise")
    if "die" in todo:
        os.kill(os.getpid(), signal.SIGKILL)
    if "silent" not in todo:
        put(event, answer(event, todo))
    return None


def answer(event: Event, todo: dict[str, str]) -> Event:
    default = event.get("PhysicalResourceId", "probe-" + event["LogicalResourceId"])
    return {
        "Status": "FAILED" if "fail" in todo else "SUCCESS",
        "Reason": "told to fail",
        "PhysicalResourceId": todo.get("id", default),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Filler": "x" * int(todo.get("data", 0)), "Flag": True},
    }
