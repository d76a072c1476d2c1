"""Parameter Store: which resource has reserved which name?"""
