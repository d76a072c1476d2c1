"""CloudFormation: what does it say of a stack, its resources and its events?"""
