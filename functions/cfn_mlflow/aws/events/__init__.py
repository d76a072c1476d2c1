"""EventBridge: which rules invoke a function of the provider on a schedule?"""
