"""EC2: which security groups and rules are made, and which VPC is named?"""
