"""Which functions this machine can run: any other is refused when it is made.

On AWS each Runtime and each processor is there. Here a function runs on an interpreter of this
machine. One for another would fail when it is invoked, and its stack would wait in silence.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local.emulator.core.patching import replace, require
from local.provider import host_parameters

FunctionProperties = Mapping[str, Any]


def install(runtimes: Path) -> None:
    """Refuse functions that do not run on the interpreters in `runtimes`."""
    require(provisioners, "_RESOURCE_HANDLERS")
    handler = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update = handler["create"], handler["update"]

    def create_here(logical_id: str, properties: FunctionProperties, stack: str) -> Any:
        _refuse(fault_of(properties, runtimes))
        return create(logical_id, properties, stack)

    def update_here(
        pid: str, old: Any, new: FunctionProperties, stack: str, logical_id: str
    ) -> Any:
        _refuse(fault_of(new, runtimes))
        return update(pid, old, new, stack, logical_id)

    handler["create"], handler["update"] = create_here, update_here
    _refuse_by_api(runtimes)


def fault_of(function: FunctionProperties, runtimes: Path) -> str:
    """Return why a function cannot run here, and the command that mends it; empty if it can."""
    if function.get("PackageType") == "Image" or "ImageUri" in function.get("Code", {}):
        return ""
    here = sorted(path.parent.parent.name for path in runtimes.glob("*/bin/python"))
    fits = host_parameters()
    processor = fits["Architecture"]
    runtime = function.get("Runtime") or fits["Runtime"]
    asked = (function.get("Architectures") or [processor])[0]
    if runtime in here and asked == processor:
        return ""
    overrides = " ".join(["--parameter-overrides", *(f"{k}={v}" for k, v in fits.items())])
    return (
        f"The local AWS cannot run a function of Runtime {runtime} and Architecture {asked} on "
        f"this machine: it has {' and '.join(here)} on {processor}. Build and deploy for it: "
        f"sam build {overrides} && sam deploy --guided {overrides}"
    )


def _refuse(fault: str) -> None:
    if fault:
        raise ValueError(fault)


def _refuse_by_api(runtimes: Path) -> None:
    def refusing(call: Any, asked: FunctionProperties) -> Any:
        fault = fault_of(asked, runtimes)
        if fault:
            return error_response_json("InvalidParameterValueException", fault, 400)
        return call()

    def make_create(real: Any) -> Any:
        return lambda data: refusing(lambda: real(data), data)

    def make_update(real: Any) -> Any:
        def update(name: str, data: FunctionProperties) -> Any:
            config = lambda_svc._functions.get(name, {}).get("config", {})
            # The processor was looked at when it was made: ministack fills one in.
            known = {key: config[key] for key in ("Runtime", "PackageType") if key in config}
            return refusing(lambda: real(name, data), {**known, **data})

        return update

    replace(lambda_svc, "_create_function", make_create)
    replace(lambda_svc, "_update_code", make_update)
    replace(lambda_svc, "_update_config", make_update)
