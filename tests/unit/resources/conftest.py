from tests.protocol_kit import lines, written
from tests.unit.support.aurora import aurora, server
from tests.unit.support.service_kit import aws, fargate, properties, vpc

__all__ = ["aurora", "aws", "fargate", "lines", "properties", "server", "vpc", "written"]
