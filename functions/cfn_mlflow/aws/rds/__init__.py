"""RDS: which Aurora cluster, instances, subnets and parameters are made, and how do they stand?"""
