"""Is a request CloudFormation's own, and still the one that CloudFormation waits for?"""
