"""Custom::MLflowSchema: how is a schema checked after a deploy, by hand and on a schedule?"""
