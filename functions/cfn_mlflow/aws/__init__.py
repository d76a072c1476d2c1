"""What does AWS hold for the provider? A folder for each service; no other room imports boto3."""
