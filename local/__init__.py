"""The local AWS: what the product runs on where there is no account (docs/local-aws.md).

Nothing here is imported by functions/; no setting of the product differs on it.
"""
