"""What runs in the service's tasks: which containers, environment and rights?"""
