"""Lambda: how does a function invoke itself or another without waiting for it?"""
