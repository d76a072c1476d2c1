"""A function of the real protocol, whose resource is a folder: one thing is made at each look.

Properties: `Things` is how many there must be; `DieAt` lists the looks at which the process is
killed, `always` at all of them.
"""

import json
import os
import signal
from pathlib import Path

from cfn_mlflow.aws.cloudformation.stack import Stacks
from cfn_mlflow.aws.lambda_.invoke import Functions
from cfn_mlflow.cloudformation.event import Request
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.cloudformation.serve import ResourceType, Step
from cfn_mlflow.cloudformation.serve import handler as serve
from cfn_mlflow.outcome import Done, Outcome, Waiting

SEEN = Path(os.environ["SEEN"])


def look(request: Request) -> None:
    """Note a look; die at it if so told."""
    with SEEN.open("a") as file:
        file.write(json.dumps({"type": request.request_type, "pid": os.getpid()}) + "\n")
    looks = len(SEEN.read_text().splitlines())
    die_at = request.properties.get("DieAt", [])
    if request.request_type == "Create" and (die_at == "always" or str(looks) in die_at):
        os.kill(os.getpid(), signal.SIGKILL)


def prepare(request: Request, identity: Identity) -> Step:
    """Make things until there are enough."""
    folder = SEEN.parent / identity.digest

    def step() -> Outcome:
        look(request)
        folder.mkdir(exist_ok=True)
        needed = int(request.properties["Things"])
        made = len(list(folder.iterdir()))
        if made < needed:
            (folder / str(made)).touch()
            return Waiting({"things": f"{made + 1} of {needed}"})
        return Done({"Things": str(made)})

    return step


def removal(request: Request, identity: Identity) -> Step:
    """Remove all things, at one look."""
    folder = SEEN.parent / identity.digest

    def step() -> Outcome:
        look(request)
        found = list(folder.iterdir()) if folder.exists() else []
        for thing in found:
            thing.unlink()
        return Waiting({"things": "being removed"}) if found else Done({})

    return step


handler = serve(ResourceType("Custom::Probe", prepare, removal), stack=Stacks(), invoke=Functions())
