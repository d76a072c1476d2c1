"""Lambda, where ministack does otherwise: execution environments, invocations, logs."""
