"""Custom::MLflowDatabase: which database, with which network and which logins?"""
