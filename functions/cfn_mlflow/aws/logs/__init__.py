"""CloudWatch Logs: which log groups are made, and what are a stream's last lines?"""
