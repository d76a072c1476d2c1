# An MLflow in a VPC of yours, as a stack that Terraform keeps. The provider is installed already.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "vpc_id" {
  description = "VPC of all that is made."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in two Availability Zones or more, with a way to the Internet."
  type        = list(string)
}

variable "ingress_cidr_blocks" {
  description = "Who may use MLflow."
  type        = list(string)
}

resource "aws_cloudformation_stack" "mlflow" {
  name          = "mlflow-terraform"
  template_body = file("${path.module}/mlflow.yaml")

  parameters = {
    VpcId             = var.vpc_id
    SubnetIds         = join(",", var.subnet_ids)
    IngressCidrBlocks = join(",", var.ingress_cidr_blocks)
  }

  timeouts {
    create = "60m"
    update = "60m"
    delete = "60m"
  }
}

output "tracking_uri" {
  description = "What MLflow's clients take as their tracking URI."
  value       = aws_cloudformation_stack.mlflow.outputs.TrackingUri
}
