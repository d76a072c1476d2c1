"""IAM: which roles do the tasks have, and within which boundary?"""
