from tests.support.cloudformation.protocol_kit import answers, lines, world, written

__all__ = ["answers", "lines", "world", "written"]
