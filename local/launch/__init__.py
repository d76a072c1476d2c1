"""What the launcher of the local AWS is made of: local/aws.py puts it together."""
