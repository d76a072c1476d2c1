"""EC2, where ministack does otherwise."""
