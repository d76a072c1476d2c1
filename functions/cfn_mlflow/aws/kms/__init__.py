"""KMS: which key of the user's may be used? None is ever made."""
