"""ECS: which cluster, service and task definitions are made, and how do tasks run and stop?"""
