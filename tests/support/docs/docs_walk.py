"""Which commands of README and docs a test types, and which it does not, and why."""

from __future__ import annotations

from tests.support.docs.doc_commands import Step

DEPLOY = Step("docs/tutorial.md", "aws cloudformation deploy")
FIRST_RUN = Step("docs/tutorial.md", "MLFLOW_TRACKING_URI=")
FIRST_UPDATE = Step("docs/tutorial.md", "aws cloudformation deploy", 2)
END = Step("docs/tutorial.md", "aws cloudformation delete-stack")
ENDED = Step("docs/tutorial.md", "aws cloudformation wait")
LOGS = Step("docs/watching.md", "aws logs tail /aws/lambda/cfn-mlflow-MLflow ")
LOGS_BY_SAM = Step("docs/watching.md", "sam logs")
FAILURES = Step("docs/failures.md", "aws cloudformation describe-stack-events")
SNAPSHOTS = Step("docs/upgrading.md", "aws rds describe-db-cluster-snapshots")
WRITER = Step("docs/connections.md", "aws rds describe-db-clusters")
CHECK_ASKED = Step("docs/schema-check.md", 'echo \'{"Check"')
CHECK = Step("docs/schema-check.md", "aws lambda invoke --function-name cfn-mlflow-MLflowSchema")
ROTATION_ASKED = Step("docs/rotation.md", 'echo \'{"DatabaseClusterId"')
ROTATE = Step("docs/rotation.md", "aws lambda invoke --function-name cfn-mlflow-Rotation")
ROTATION_LOGS = Step("docs/rotation.md", "aws logs tail /aws/lambda/cfn-mlflow-Rotation")
KEYS = Step("docs/keys.md", "aws secretsmanager get-secret-value")

DELETE = Step("docs/deleting.md", "aws cloudformation delete-stack")
DELETED = Step("docs/deleting.md", "aws cloudformation wait")
STAYS = Step("docs/deleting.md", "aws resourcegroupstaggingapi")
FORGET_SNAPSHOT = Step("docs/deleting.md", "aws rds delete-db-cluster-snapshot")
FORGET_KEYS = Step("docs/deleting.md", "aws secretsmanager delete-secret")
IMPORTS = Step("docs/deleting.md", "aws cloudformation list-imports")
NAMES = Step("docs/deleting.md", "aws ssm get-parameters-by-path")
DELETE_PROVIDER = Step("docs/deleting.md", "sam delete")

FIND = Step("docs/restoring.md", "aws resourcegroupstaggingapi")
FIND_SNAPSHOT = Step("docs/restoring.md", "aws rds describe-db-cluster-snapshots")
ALLOW = Step("docs/restoring.md", "aws s3api put-bucket-tagging")
NEW_STACK = Step("docs/restoring.md", "aws cloudformation deploy")
GROUPS = Step("docs/restoring.md", "aws rds describe-db-clusters")
TAGS = Step("docs/restoring.md", "aws rds describe-db-clusters", 2)
UNPROTECT = Step("docs/restoring.md", "aws rds modify-db-cluster")
DELETE_INSTANCES = Step("docs/restoring.md", "for instance in")
DELETE_CLUSTER = Step("docs/restoring.md", "aws rds delete-db-cluster")
CLUSTER_DELETED = Step("docs/restoring.md", "aws rds wait db-cluster-deleted")
RESTORE = Step("docs/restoring.md", "aws rds restore-db-cluster-from-snapshot")
RESTORED = Step("docs/restoring.md", "aws rds wait db-cluster-available")
OLD_KEYS = Step("docs/restoring.md", "aws secretsmanager get-secret-value")
NEW_KEYS = Step("docs/restoring.md", "aws secretsmanager put-secret-value")
UPDATE = Step("docs/restoring.md", "aws cloudformation deploy", 2)
RESTART = Step("docs/restoring.md", "aws ecs update-service")
STABLE = Step("docs/restoring.md", "aws ecs wait")

WALKED = {name: value for name, value in globals().items() if isinstance(value, Step)}

NOT_WALKED = {
    Step(
        "docs/errors.md", "aws cloudwatch put-metric-alarm"
    ): "the local AWS makes no metric of a log line",
    Step("README.md", "sam build"): "asks for answers; the local AWS is deployed by the same two",
    Step("docs/installing.md", "sam build"): "the same as the README's",
    Step("docs/local-aws.md", "aws cloudformation deploy"): "docs/tutorial.md has it",
    Step("docs/local-aws.md", "sam build"): "every local AWS is deployed by it",
    Step("docs/local-aws.md", "sam deploy"): "asks for answers; every local AWS is deployed by it",
    Step("docs/upgrading.md", "aws rds restore-db-cluster-from"): "docs/restoring.md has it",
    Step("docs/upgrading.md", "aws rds restore-db-cluster-to"): "the same, by a time",
    Step("docs/upgrading.md", "aws rds create-db-instance"): "docs/restoring.md has it",
    Step("docs/upgrading.md", "aws cloudformation continue-update-rollback"): (
        "tests/lifecycle/test_image_starts_nowhere.py goes this way out"
    ),
    Step("docs/connections.md", "aws rds reboot-db-instance"): "the local AWS counts at once",
    Step("docs/provider.md", "sam deploy --stack-name mlflow-next"): (
        "tests/lifecycle/test_parts.py deploys a second provider"
    ),
    Step("docs/sharing.md", "aws secretsmanager tag-resource"): (
        "the walk's stacks name no secret of the user's; docs/restoring.md tags a bucket"
    ),
}
