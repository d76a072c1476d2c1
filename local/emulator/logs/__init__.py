"""CloudWatch Logs, where ministack does otherwise."""
