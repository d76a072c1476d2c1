from tests.unit.support.service_kit import aws

__all__ = ["aws"]
