"""What a listener does with a request: its rules, their actions, the choice of a target."""

import random
from typing import Any
from urllib.parse import parse_qs

import h11
from ministack.services import alb

from local.emulator.core import patching
from local.emulator.elbv2.forwarder import Client, Header, Reply, Target, page
from local.emulator.elbv2.records import Record, attribute, forwards, scope_of
from local.emulator.elbv2.target_health import Key, TargetHealth


def install() -> None:
    """Raise PatchError where ministack lacks what decides on a request."""
    patching.require(alb, "_lbs", "_listeners", "_rules", "_lb_attrs")
    patching.require(alb, "_match_condition", "_rule_sort_key")


def router(listener_arn: str, health: TargetHealth) -> Any:
    """Return what answers or forwards the requests to a listener."""

    async def route(request: h11.Request, client: Client) -> Reply | Target:
        with scope_of(listener_arn):
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
    idle = attribute(
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
    groups = [(arn, weight) for arn, weight in forwards(action) if weight > 0]
    if not groups:
        return None
    arns, weights = zip(*groups, strict=True)
    found = health.in_group(random.choices(arns, weights)[0])  # noqa: S311 - no secret
    for state in ("healthy", "unhealthy"):
        fit = [key for key, one in found.items() if one.state == state]
        if fit:
            return random.choice(fit)  # noqa: S311 - no secret
    return None
