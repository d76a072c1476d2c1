"""Who may invoke a function without CloudFormation, and for which stack does it act then?"""
