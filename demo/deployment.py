"""One stack of the demo: put, changed, deleted, and watched as any user can watch a stack."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cfn_mlflow_watch.follow import Watch, outputs_of
from cfn_mlflow_watch.items import Ended
from cfn_mlflow_watch.view import view_for

SECONDS_BETWEEN_LOOKS = 0.5


class StackFailedError(Exception):
    """The stack did not end as it should; what was shown of it has the cause."""


@dataclass
class Deployment:
    """One stack; `clients` makes a boto3 client of a service, at `endpoint`."""

    clients: Any
    name: str
    endpoint: str
    stack_id: str = ""

    def create(self, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Create the stack and return its outputs. Raises StackFailedError."""
        self.stack_id = self._cloudformation.create_stack(
            StackName=self.name,
            TemplateBody=template,
            Parameters=_parameters(parameters),
            Capabilities=["CAPABILITY_IAM"],
        )["StackId"]
        return self._watched()

    def update(self, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Update the stack and return its outputs. Raises StackFailedError."""
        self._cloudformation.update_stack(
            StackName=self.stack_id,
            TemplateBody=template,
            Parameters=_parameters(parameters),
            Capabilities=["CAPABILITY_IAM"],
        )
        return self._watched()

    def delete(self) -> None:
        """Delete the stack. Raises StackFailedError."""
        self._cloudformation.delete_stack(StackName=self.stack_id)
        self._watched()

    def resource(self, logical_id: str) -> str:
        """Return a resource's physical id."""
        found = self._cloudformation.describe_stack_resource(
            StackName=self.stack_id, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    @property
    def _cloudformation(self) -> Any:
        return self.clients("cloudformation")

    def _watched(self) -> dict[str, str]:
        """Show the operation to its end, and return the outputs."""
        watch = Watch(
            self._cloudformation, self.clients("logs"), pause=SECONDS_BETWEEN_LOOKS, patience=0
        )
        view = view_for(sys.stdout, endpoint=self.endpoint)
        try:
            for item in watch.items(self.stack_id):
                if isinstance(item, Ended):
                    # What to do next is the demo's to say, for the stack is its own.
                    view.show(replace(item, next_step=""))
                    return self._judged(item)
                view.show(item)
        finally:
            view.close()
        raise StackFailedError(f"The watch of {self.name} ended before it.")

    def _judged(self, ended: Ended) -> dict[str, str]:
        if not ended.succeeded:
            raise StackFailedError(f"{self.name} is {ended.stack.status}, for the cause above.")
        return outputs_of(ended)


def _parameters(parameters: Mapping[str, str]) -> list[Any]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
