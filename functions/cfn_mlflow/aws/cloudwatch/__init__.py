"""CloudWatch: which metrics does the provider publish, and which alarms watch them?"""
