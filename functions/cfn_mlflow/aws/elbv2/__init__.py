"""Elastic Load Balancing: which load balancer, listener and target group lead to the tasks?"""
