"""A Lambda handler for one resource type: from an event to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cfn_mlflow.cloudformation import handoff
from cfn_mlflow.cloudformation.answer import Answer, fail, succeed
from cfn_mlflow.cloudformation.delivery import deliver
from cfn_mlflow.cloudformation.event import Echo, MalformedEventError, Request, parse
from cfn_mlflow.cloudformation.guard.request_guard import RequestGuard, Unanswered
from cfn_mlflow.cloudformation.guard.stack import ANY_TYPE, StackPort
from cfn_mlflow.cloudformation.handoff import InvokePort
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.cloudformation.loop import GiveUp, Loop, Prepare, Result, Step
from cfn_mlflow.outcome import Done, PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.runtime.failures import failure
from cfn_mlflow.runtime.invocation import Context, Invocation
from cfn_mlflow.runtime.log import log

__all__ = ["Prepare", "ResourceType", "Step", "UnfinishedError", "handler"]


@dataclass(frozen=True)
class ResourceType:
    """One resource type: its name, and the functions that make the steps of its requests.

    `prepare` serves Create and Update. `removal` serves Delete: it works even if the properties
    are not valid any more, and it finds owned objects without the physical id. `give_up` undoes
    what must not outlast a failed Create or Update. `loses_data` names the properties that make a
    Delete lose data.
    """

    name: str
    prepare: Prepare
    removal: Prepare
    give_up: GiveUp | None = None
    loses_data: tuple[str, ...] = ()


class UnfinishedError(Exception):
    """The invocation could neither finish nor hand on. Lambda must deliver the event again."""


def handler(
    resource_type: ResourceType,
    *,
    stack: StackPort,
    invoke: InvokePort,
    clock: Clock | None = None,
) -> Callable[[object, Context], None]:
    """Return the Lambda handler of a resource type.

    The handler calls CloudFormation by `stack` and Lambda by `invoke`. It raises UnfinishedError,
    UndeliveredError or RefusedError, so that Lambda delivers the event again.
    """
    return _Service(resource_type, stack, invoke, clock or Clock()).serve


@dataclass(frozen=True)
class _Service:
    resource_type: ResourceType
    stack: StackPort
    invoke: InvokePort
    clock: Clock

    def serve(self, event: object, context: Context) -> None:
        """Serve one invocation. An error that it raises makes Lambda deliver the event again."""
        invocation = Invocation(context)
        bare, carried = handoff.unpack(event, self.clock.now())
        try:
            request = parse(bare, invocation.place)
        except MalformedEventError as error:
            self._refuse(error, invocation)
            return
        with log.append_context_keys(
            stack=request.identity.stack_name,
            stack_id=request.identity.stack_id,
            logical_id=request.logical_id,
            request_id=request.request_id,
        ):
            hop = f", invocation {carried.hops + 1}" if carried.hops else ""
            log.info(f"{request.request_type} of {request.echoed_id}{hop}")
            guard = RequestGuard(
                self.stack,
                request,
                carried,
                invocation.function_arn,
                self.resource_type.loses_data,
            )
            loop = Loop(
                request,
                carried,
                invocation=invocation,
                guard=guard,
                invoke=self.invoke,
                clock=self.clock,
            )
            self._end(request, self._work(request, loop, context), invocation)

    def _work(self, request: Request, loop: Loop, context: Context) -> Result:
        """Run the loop inside crhelper, which is imported here because its import is slow."""
        from cfn_mlflow.cloudformation.shell import Shell  # noqa: PLC0415 - it imports boto3, 100 ms

        helper = Shell(request.echoed_id)

        @helper.create
        @helper.update
        def converge(_event: object, _context: object) -> None:
            helper.take(loop.run(self._of_this_type, self.resource_type.give_up))

        @helper.delete
        def remove(_event: object, _context: object) -> None:
            helper.take(loop.run(self.resource_type.removal))

        return helper.result(request.event, context)

    def _of_this_type(self, request: Request, identity: Identity) -> Step:
        """Refuse a request of another type.

        A Delete of another type is not refused: it finds no owned object, and succeeds.
        """
        if request.resource_type not in (self.resource_type.name, ANY_TYPE):
            raise PermanentError(
                Reason.WrongServiceToken,
                f"This ServiceToken is that of {self.resource_type.name}, not of "
                f"{request.resource_type}. Take the token of the type, then deploy again.",
            )
        return self.resource_type.prepare(request, identity)

    def _refuse(self, error: MalformedEventError, invocation: Invocation) -> None:
        log.error(str(error), **failure(error.cause.reason))
        if error.response_url:
            answer = fail(error.echo, error.cause, invocation.log_stream)
            self._send(error.response_url, answer, invocation)

    def _end(self, request: Request, result: Result, invocation: Invocation) -> None:
        echo = Echo.of(request)
        if isinstance(result, Unanswered):
            log.info(f"Ends without an answer: {result.why}")
            if result.again:
                raise UnfinishedError(result.why)
            return
        if isinstance(result, Done):
            answer = succeed(echo, result.attributes, invocation.log_stream)
        else:
            log.error(str(result), **failure(result.reason))
            answer = fail(echo, result, invocation.log_stream)
        if answer.left_out:
            log.warning(f"Left out of the answer for its size: {', '.join(answer.left_out)}")
        self._send(request.response_url, answer, invocation)

    def _send(self, response_url: str, answer: Answer, invocation: Invocation) -> None:
        deliver(response_url, answer.body, invocation.left, self.clock)
        log.info(f"Answered {answer.status}")
