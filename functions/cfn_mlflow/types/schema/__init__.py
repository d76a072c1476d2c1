"""Custom::MLflowSchema: how is a schema checked, in a deploy, by hand and on a schedule?"""
