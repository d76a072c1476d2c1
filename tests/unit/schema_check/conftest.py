from tests.protocol_kit import answers, world
from tests.unit.support.service_kit import aws

__all__ = ["answers", "aws", "world"]
