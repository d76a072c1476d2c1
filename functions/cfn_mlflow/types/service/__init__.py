"""Custom::MLflowService: what is the tracking server made of?"""
