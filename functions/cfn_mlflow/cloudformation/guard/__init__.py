"""Did CloudFormation send a request, and does it still wait for the answer?"""
