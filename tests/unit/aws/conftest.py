from tests.unit.support.service_kit import aws, fargate, properties, vpc

__all__ = ["aws", "fargate", "properties", "vpc"]
