"""EventBridge, where ministack does otherwise."""
