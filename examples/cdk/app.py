"""A VPC with an MLflow in it, by the AWS CDK. The provider is installed already."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2


class MLflow(cdk.Stack):
    """What a team needs to log its runs."""

    def __init__(self, scope: cdk.App, name: str) -> None:
        # This synthesizer needs no `cdk bootstrap`, and the stack has no assets that would.
        super().__init__(scope, name, synthesizer=cdk.LegacyStackSynthesizer())
        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=1)
        private = vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        mlflow = cdk.CustomResource(
            self,
            "MLflow",
            resource_type="Custom::MLflow",
            service_token=cdk.Fn.import_value("cfn-mlflow-MLflow"),
            properties={
                "VpcId": vpc.vpc_id,
                "SubnetIds": private.subnet_ids,
                "LoadBalancerIngressCidrBlocks": [vpc.vpc_cidr_block],
            },
        )
        # The tasks pull their image through the NAT gateway, so its routes come first and go last.
        mlflow.node.add_dependency(vpc)
        cdk.CfnOutput(self, "TrackingUri", value=mlflow.get_att_string("TrackingUri"))


app = cdk.App()
MLflow(app, "mlflow-cdk")
app.synth()
