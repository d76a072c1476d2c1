"""Custom::MLflowBucket: in which bucket are artifacts kept?"""
