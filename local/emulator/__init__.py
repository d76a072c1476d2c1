"""The emulator's process: ministack, and what it lacks of AWS for this product.

Runs in .local/environments/emulator, started by local.aws.
"""
