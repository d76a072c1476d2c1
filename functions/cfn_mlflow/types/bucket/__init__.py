"""Custom::MLflowBucket: where are artifacts kept?"""
