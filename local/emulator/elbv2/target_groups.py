"""Application Load Balancers: what their API refuses, and a real loopback socket per listener."""

import asyncio
import logging
import random
import ssl
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import h11
from ministack.core.concurrency import spawn_background
from ministack.core.responses import request_scope
from ministack.services import alb, ec2

from local.emulator.core import patching
from local.emulator.core.event_loop import EventLoop
from local.emulator.core.patching import Function, members, text
from local.emulator.elbv2.forwarder import Client, Forwarder, Header, Reply, Target, page
from local.emulator.elbv2.target_health import Check, Key, TargetHealth
from local.emulator.network.addresses import Addresses, Names, Place
from local.emulator.postgres import tls_front

PROVISIONING_SECONDS = 1.0
_LOOK_SECONDS = 0.2
_LONGEST_NAME = 32
Params = Mapping[str, Any]
Record = dict[str, Any]

_log = logging.getLogger(__name__)


class LoadBalancers:
    """All listeners of this local AWS as sockets, and the health of their targets."""

    def __init__(self, state: Path, addresses: Addresses, names: Names, loop: EventLoop) -> None:
        self.health = TargetHealth(loop.start)
        self._state = state / "load-balancers"
        self._addresses = addresses
        self._names = names
        self._loop = loop
        self._lock = threading.Lock()
        self._places: dict[str, Place] = {}
        self._servers: dict[str, tuple[int, asyncio.Server]] = {}

    def start(self) -> None:
        """Follow ministack's records for as long as the emulator lives."""
        threading.Thread(target=self._follow, name="load-balancers", daemon=True).start()

    def _follow(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                # A record deleted while it is read, a port that is taken: the next look may do.
                _log.exception("load balancers")
            time.sleep(_LOOK_SECONDS)

    def look(self) -> None:
        """Open and close sockets, begin and end health checks, as the records say now."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        balancers = {lb["LoadBalancerArn"]: lb for lb in alb._lbs.all_values()}
        listeners = {
            one["ListenerArn"]: one
            for one in alb._listeners.all_values()
            if one["LoadBalancerArn"] in balancers
        }
        for arn, listener in listeners.items():
            self._open(arn, listener, balancers[listener["LoadBalancerArn"]])
        for arn in [arn for arn in self._servers if arn not in listeners]:
            self._loop.call(_close(self._servers.pop(arn)[1]))
        for arn in [arn for arn in self._places if arn not in balancers]:
            self._forget(arn)
        self._watch_targets(listeners)

    def _open(self, arn: str, listener: Record, balancer: Record) -> None:
        port = int(listener["Port"])
        opened = self._servers.get(arn)
        if opened is not None and opened[0] == port:
            return
        if opened is not None:
            self._loop.call(_close(opened[1]))
        lb_arn, name = balancer["LoadBalancerArn"], balancer["DNSName"]
        place = self._places.get(lb_arn) or Place(self._addresses.of_load_balancer())
        certificate = None
        if listener["Protocol"] == "HTTPS":
            folder = self._state / name
            certificate = tls_front.make_certificate(folder, [name, name.lower()], place.address)
        forwarder = Forwarder(listener["Protocol"].lower(), port, _router(arn, self.health))
        server = self._loop.call(_listen(forwarder, place.address, port, certificate))
        self._servers[arn] = (port, server)
        place = Place(place.address, {**place.ports, port: server.sockets[0].getsockname()[1]})
        self._places[lb_arn] = place
        self._names.put(name, place)

    def _forget(self, arn: str) -> None:
        place = self._places.pop(arn)
        self._addresses.release(place.address)
        for name, other in self._names.all().items():
            if other.address == place.address:
                self._names.remove(name)

    def _watch_targets(self, listeners: dict[str, Record]) -> None:
        groups = {group["TargetGroupArn"]: group for group in alb._tgs.all_values()}
        targets: list[Key] = []
        drain: dict[str, float] = {}
        for arn, group in groups.items():
            with _scope_of(arn):
                targets += [_key(arn, group, target) for target in alb._targets.get(arn, [])]
                drain[arn] = float(_attribute(alb._tg_attrs.get(arn), _DELAY, "300"))
        used = {arn for listener in listeners for arn in groups_of(listener)}
        checks = {arn: Check.of(group) for arn, group in groups.items()}
        self.health.reconcile(targets, checks, used, drain)


_DELAY = "deregistration_delay.timeout_seconds"


def install(state: Path, addresses: Addresses, names: Names, loop: EventLoop) -> LoadBalancers:
    """Put the API's refusals and the data plane into ministack's load balancers."""
    patching.require(
        alb, "_lbs", "_tgs", "_listeners", "_rules", "_targets", "_lb_attrs", "_tg_attrs",
        "_error", "_xml", "_empty", "_lb_xml", "_tg_xml", "_match_condition", "_rule_sort_key",
    )  # fmt: skip
    patching.require(ec2, "_subnets")
    balancers = LoadBalancers(state, addresses, names, loop)
    # Its own data plane answers by Host on the gateway's port, /health included.
    patching.replace(alb, "find_lb_for_host", lambda old: lambda host: None)
    patching.replace(alb, "_parse_actions", _with_forward_config)
    for action, make in {
        "CreateLoadBalancer": _create_balancer,
        "DeleteLoadBalancer": _delete_balancer,
        "CreateTargetGroup": _create_group,
        "DescribeTargetGroups": _describe_groups,
        "DeleteTargetGroup": _delete_group,
        "CreateListener": lambda old: _create_listener(balancers, old),
        "DescribeTargetHealth": lambda old: _describe_health(balancers.health, old),
    }.items():
        patching.wrap_action(alb, action, make)
    balancers.start()
    return balancers


def groups_of(listener_arn: str) -> set[str]:
    """Return the ARNs of the target groups that a listener's rules forward to."""
    return {
        arn
        for rule in alb._rules.all_values()
        if rule["ListenerArn"] == listener_arn
        for action in rule["Actions"]
        for arn, _ in _forwards(action)
    }


def _scope_of(arn: str) -> Any:
    parts = arn.split(":")
    return request_scope(parts[4], parts[3])


def _attribute(attributes: list[Record] | None, name: str, default: str) -> str:
    return next((str(one["Value"]) for one in attributes or [] if one["Key"] == name), default)


def _key(arn: str, group: Record, target: Record) -> Key:
    return Key(arn, target["Id"], int(target.get("Port") or group["Port"]))


async def _listen(
    forwarder: Forwarder, address: str, port: int, certificate: ssl.SSLContext | None
) -> asyncio.Server:
    try:
        return await asyncio.start_server(forwarder.serve, address, port, ssl=certificate)
    except PermissionError:
        # Below 1024 without root: any free port; the proxy and the names know which.
        return await asyncio.start_server(forwarder.serve, address, 0, ssl=certificate)


async def _close(server: asyncio.Server) -> None:
    server.close()


# --- requests


def _router(listener_arn: str, health: TargetHealth) -> Any:
    async def route(request: h11.Request, client: Client) -> Reply | Target:
        with _scope_of(listener_arn):
            listener = alb._listeners.get(listener_arn)
            if listener is None:
                return page(503, "Service Temporarily Unavailable")
            action = _action_for(listener_arn, request)
            return _follow_action(action, listener, request, client, health)

    return route


def _action_for(listener_arn: str, request: h11.Request) -> Record:
    path, _, query = request.target.decode("latin-1").partition("?")
    headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
    arguments = parse_qs(query, keep_blank_values=True)
    rules = [rule for rule in alb._rules.values() if rule["ListenerArn"] == listener_arn]
    for rule in sorted(rules, key=alb._rule_sort_key):
        conditions = rule.get("Conditions") or []
        if all(
            alb._match_condition(one, request.method.decode(), path, headers, arguments)
            for one in conditions
        ):
            return dict(rule["Actions"][-1])
    return {"Type": "forward"}


def _follow_action(
    action: Record, listener: Record, request: h11.Request, client: Client, health: TargetHealth
) -> Reply | Target:
    if action["Type"] == "fixed-response":
        answer = action["FixedResponseConfig"]
        content = [(b"Content-Type", answer.get("ContentType", "text/plain").encode())]
        return Reply(int(answer["StatusCode"]), answer.get("MessageBody", "").encode(), content)
    balancer = alb._lbs[listener["LoadBalancerArn"]]
    host = _host(request, balancer)
    if action["Type"] == "redirect":
        return _redirect(action["RedirectConfig"], host, request, client)
    if action["Type"] != "forward":
        return page(501, "Not Implemented")
    target = _choose(action, health)
    if target is None:
        return page(503, "Service Temporarily Unavailable")
    idle = _attribute(
        alb._lb_attrs.get(balancer["LoadBalancerArn"]), "idle_timeout.timeout_seconds", "60"
    )
    headers = _host_headers(host, request, client)
    return Target(target.address, target.port, headers, float(idle), health.lease(target))


def _host(request: h11.Request, balancer: Record) -> str:
    """Return the Host that the client meant: the balancer's name for a bare loopback address."""
    host = dict(request.headers).get(b"host", b"").decode("latin-1")
    return str(balancer["DNSName"]) if host.startswith("127.") else host


def _host_headers(host: str, request: h11.Request, client: Client) -> list[Header]:
    """Return Host as AWS sends it (no port 80 or 443, else the listener's), and Origin."""
    headers = dict(request.headers)
    name = host.partition(":")[0]
    sent = name if client.port in (80, 443) else f"{name}:{client.port}"
    result: list[Header] = [(b"Host", sent.encode("latin-1"))]
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin.partition("://")[2].startswith("127."):
        result.append((b"Origin", f"{client.scheme}://{sent.lower()}".encode("latin-1")))
    return result


def _redirect(config: Record, host: str, request: h11.Request, client: Client) -> Reply:
    path, _, query = request.target.decode("latin-1").partition("?")
    given = {
        "#{protocol}": client.scheme,
        "#{host}": host.partition(":")[0],
        "#{port}": str(client.port),
        "#{path}": path.removeprefix("/"),
        "#{query}": query,
    }

    def fill(name: str, default: str) -> str:
        value = str(config.get(name) or default)
        for mark, replacement in given.items():
            value = value.replace(mark, replacement)
        return value

    location = f"{fill('Protocol', '#{protocol}').lower()}://{fill('Host', '#{host}')}"
    location += f":{fill('Port', '#{port}')}{fill('Path', '/#{path}')}"
    wanted = fill("Query", "#{query}")
    location += f"?{wanted}" if wanted else ""
    status = int(config["StatusCode"].removeprefix("HTTP_"))
    return Reply(status, b"", [(b"Location", location.encode("latin-1"))])


def _choose(action: Record, health: TargetHealth) -> Key | None:
    """Return a healthy target, or any that is unhealthy when none is (ELB "fails open")."""
    groups = [(arn, weight) for arn, weight in _forwards(action) if weight > 0]
    if not groups:
        return None
    arns, weights = zip(*groups, strict=True)
    found = health.in_group(random.choices(arns, weights)[0])  # noqa: S311 - no secret
    for state in ("healthy", "unhealthy"):
        fit = [key for key, one in found.items() if one.state == state]
        if fit:
            return random.choice(fit)  # noqa: S311 - no secret
    return None


def _forwards(action: Record) -> list[tuple[str, int]]:
    """Return the target groups of a forward action with their weights."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups")
    if groups:
        return [(group["TargetGroupArn"], int(group.get("Weight", 1))) for group in groups]
    arn = action.get("TargetGroupArn")
    return [(arn, 1)] if arn else []


# --- API


def _with_forward_config(old: Function) -> Function:
    """ministack reads only TargetGroupArn; the same may be said in a ForwardConfig."""

    def parse(params: Params, prefix: str = "DefaultActions") -> list[Record]:
        actions: list[Record] = old(params, prefix)
        for index, action in enumerate(actions, start=1):
            groups = _forward_groups(params, f"{prefix}.member.{index}.ForwardConfig")
            if groups:
                action["ForwardConfig"] = {"TargetGroups": groups}
                action.setdefault("TargetGroupArn", groups[0]["TargetGroupArn"])
        return actions

    return parse


def _forward_groups(params: Params, prefix: str) -> list[Record]:
    groups: list[Record] = []
    while arn := text(params, f"{prefix}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = text(params, f"{prefix}.TargetGroups.member.{len(groups) + 1}.Weight") or "1"
        groups.append({"TargetGroupArn": arn, "Weight": int(weight)})
    return groups


def _create_balancer(old: Function) -> Function:
    def create(params: Params) -> Any:
        name, subnets = text(params, "Name"), members(params, "Subnets")
        refusal = _balancer_refusal(name, subnets)
        if refusal:
            return refusal
        twin = next((lb for lb in alb._lbs.values() if lb["LoadBalancerName"] == name), None)
        if twin is not None and _same_balancer(twin, params):
            return _balancer_answer(twin)
        answer = old(params)
        if answer[0] != 200:
            return answer
        balancer = next(lb for lb in alb._lbs.values() if lb["LoadBalancerName"] == name)
        _shape_balancer(balancer, subnets)
        return _balancer_answer(balancer)

    return create


def _balancer_refusal(name: str, subnets: list[str]) -> Any:
    if len(name) > _LONGEST_NAME:
        return alb._error(
            "ValidationError",
            f"The load balancer name '{name}' cannot be longer than '{_LONGEST_NAME}' characters",
        )
    if name.startswith("internal-"):
        return alb._error(
            "ValidationError", f"The load balancer name '{name}' cannot begin with 'internal-'"
        )
    unknown = [subnet for subnet in subnets if subnet not in ec2._subnets]
    if unknown:
        return alb._error("SubnetNotFound", f"The subnet ID '{unknown[0]}' does not exist")
    zones = {ec2._subnets[subnet]["AvailabilityZone"] for subnet in subnets}
    if len(zones) < 2:
        return alb._error(
            "ValidationError",
            "At least two subnets in two different Availability Zones must be specified",
        )
    return None


def _same_balancer(balancer: Record, params: Params) -> bool:
    return (
        balancer["Scheme"] == (text(params, "Scheme") or "internet-facing")
        and sorted(balancer["Subnets"]) == sorted(members(params, "Subnets"))
        and sorted(balancer["SecurityGroups"]) == sorted(members(params, "SecurityGroups"))
    )


def _shape_balancer(balancer: Record, subnets: list[str]) -> None:
    region = balancer["LoadBalancerArn"].split(":")[3]
    number = random.randint(10**8, 2 * 10**9)  # noqa: S311 - no secret
    prefix = "internal-" if balancer["Scheme"] == "internal" else ""
    name = balancer["LoadBalancerName"]
    balancer["DNSName"] = f"{prefix}{name}-{number}.{region}.elb.amazonaws.com"
    balancer["VpcId"] = ec2._subnets[subnets[0]]["VpcId"]
    balancer["State"] = "provisioning"

    def activate() -> None:
        time.sleep(PROVISIONING_SECONDS)
        balancer["State"] = "active"

    spawn_background(activate, thread_name="load-balancer-active")


def _balancer_answer(balancer: Record) -> Any:
    return alb._xml(
        200, "CreateLoadBalancer", f"<LoadBalancers>{alb._lb_xml(balancer)}</LoadBalancers>"
    )


def _delete_balancer(old: Function) -> Function:
    def delete(params: Params) -> Any:
        arn = text(params, "LoadBalancerArn")
        if _attribute(alb._lb_attrs.get(arn), "deletion_protection.enabled", "false") == "true":
            return alb._error(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        for listener in [one for one in alb._listeners.values() if one["LoadBalancerArn"] == arn]:
            alb._delete_listener({"ListenerArn": [listener["ListenerArn"]]})
        return old(params)

    return delete


def _create_group(old: Function) -> Function:
    def create(params: Params) -> Any:
        name = text(params, "Name")
        twin = next(
            (group for group in alb._tgs.values() if group["TargetGroupName"] == name), None
        )
        if twin is not None and _same_group(twin, params):
            return alb._xml(
                200, "CreateTargetGroup", f"<TargetGroups>{alb._tg_xml(twin)}</TargetGroups>"
            )
        return old(params)

    return create


def _same_group(group: Record, params: Params) -> bool:
    names = ("Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath")
    return all(text(params, name) in ("", str(group[name])) for name in names)


def _describe_groups(old: Function) -> Function:
    def describe(params: Params) -> Any:
        owners: dict[str, set[str]] = {}
        for listener in alb._listeners.values():
            for arn in groups_of(listener["ListenerArn"]):
                owners.setdefault(arn, set()).add(listener["LoadBalancerArn"])
        for arn, group in alb._tgs.items():
            group["LoadBalancerArns"] = sorted(owners.get(arn, ()))
        names = members(params, "Names")
        known = {group["TargetGroupName"] for group in alb._tgs.values()}
        if names and not known.intersection(names):
            return alb._error("TargetGroupNotFound", "One or more target groups not found", 400)
        return old(params)

    return describe


def _delete_group(old: Function) -> Function:
    def delete(params: Params) -> Any:
        arn = text(params, "TargetGroupArn")
        if any(arn in groups_of(listener) for listener in list(alb._listeners)):
            return alb._error(
                "ResourceInUse",
                f"Target group '{arn}' is currently in use by a listener or a rule",
            )
        return old(params)

    return delete


def _create_listener(balancers: LoadBalancers, old: Function) -> Function:
    def create(params: Params) -> Any:
        balancer, port = text(params, "LoadBalancerArn"), text(params, "Port") or "80"
        for other in alb._listeners.values():
            if other["LoadBalancerArn"] == balancer and str(other["Port"]) == port:
                return alb._error(
                    "DuplicateListener",
                    f"A listener already exists on this port for this load balancer '{balancer}'",
                )
        answer = old(params)
        balancers.look()
        return answer

    return create


def _describe_health(health: TargetHealth, old: Function) -> Function:
    def describe(params: Params) -> Any:
        arn = text(params, "TargetGroupArn")
        group = alb._tgs.get(arn)
        if group is None:
            return old(params)
        registered = {_key(arn, group, target) for target in alb._targets.get(arn, [])}
        asked = alb._parse_targets_param(params)
        wanted = {_key(arn, group, target) for target in asked}
        draining = set(health.in_group(arn))
        keys = wanted or registered | draining
        order = sorted(keys, key=lambda key: (key.address, key.port))
        descriptions = "".join(_health_xml(key, health) for key in order)
        return alb._xml(
            200,
            "DescribeTargetHealth",
            f"<TargetHealthDescriptions>{descriptions}</TargetHealthDescriptions>",
        )

    return describe


def _health_xml(key: Key, health: TargetHealth) -> str:
    one = health.of(key)
    reason = f"<Reason>{one.reason}</Reason>" if one.reason else ""
    words = f"<Description>{one.description}</Description>" if one.description else ""
    return (
        f"<member><Target><Id>{key.address}</Id><Port>{key.port}</Port></Target>"
        f"<HealthCheckPort>{key.port}</HealthCheckPort>"
        f"<TargetHealth><State>{one.state}</State>{reason}{words}</TargetHealth></member>"
    )
