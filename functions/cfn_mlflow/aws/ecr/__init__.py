"""ECR: which images may a container run, and which lie in a private registry?"""
