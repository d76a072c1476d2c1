from tests.protocol_kit import lines, written
from tests.unit.support.service_kit import aws, fargate, properties, vpc

__all__ = ["aws", "fargate", "lines", "properties", "vpc", "written"]
