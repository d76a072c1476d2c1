"""Loopback addresses, and the names that lead to them, in the place of a VPC."""
