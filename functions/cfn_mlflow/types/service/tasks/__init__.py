"""What runs in the service's tasks: of what size, with which environment and which rights?"""
