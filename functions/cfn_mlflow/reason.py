"""The codes of failures: what each means, and what to do.

A stack's event begins with the code, in brackets. Scripts and people match codes, never words: the
words may change, a code stays. `docs/errors.md` is made from this module by `make generate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

STACK: Final = "the stack's event"
ROTATION: Final = "the rotation's error"
CHECK: Final = "the schema check's report"
NOT_SERVED: Final = "the answer to a caller who is not served"


@dataclass(frozen=True)
class Meaning:
    """What a code means, what to do, and where a user meets it beside the log and the metric."""

    means: str
    to_do: str
    shown: tuple[str, ...] = (STACK,)


class Reason(Enum):
    """The codes. A name that was released is never given another meaning."""

    InvalidProperty = Meaning(
        "A property is missing, unknown or wrong. Nothing was made or changed.",
        "Correct every property that the reason names, then deploy again.",
        (STACK, CHECK),
    )
    ChangeRefused = Meaning(
        "A change would lose data or cannot be made in place. Nothing was changed.",
        "Take the change back, or make a new resource.",
    )
    NameTaken = Meaning(
        "Another resource has the name.",
        "Choose another `UniqueName`, or delete the stack that has it.",
    )
    OwnershipConflict = Meaning(
        "An object with the name is there already, and is not this resource's.",
        "Choose another `UniqueName`, or remove the object. A bucket can be named instead.",
        (STACK, ROTATION),
    )
    NotAllowed = Meaning(
        "A property names a thing of yours that this stack may not use.",
        "Name the stack in the tag `cfn-mlflow:allow` of the thing, or list the thing in the"
        " provider's parameters. See [Sharing](sharing.md).",
        (STACK, CHECK),
    )
    NotShared = Meaning(
        "A thing belongs to another stack, which does not share it with this one.",
        "Name this stack in `SharedWithStacks` there, deploy that stack, then this one."
        " See [Sharing](sharing.md).",
        (STACK, CHECK, NOT_SERVED),
    )
    NotFound = Meaning(
        "Something that a property names, or that the call needs, does not exist.",
        "Name one of this account and Region, then deploy again.",
        (STACK, ROTATION, CHECK),
    )
    DataGone = Meaning(
        "The bucket or the database was deleted outside of CloudFormation.",
        "Restore it with its name and tags, then continue. Or delete the stack.",
    )
    SecretUnusable = Meaning(
        "A secret holds no password in a form that can be read.",
        "Put the password into the secret as text, or as JSON under `password`.",
        (STACK, ROTATION, CHECK),
    )
    WrongDatabase = Meaning(
        "The endpoint, the secret and the cluster are not of one database.",
        "Name an endpoint and a secret of the cluster that is named.",
        (STACK, CHECK),
    )
    KeyUnusable = Meaning(
        "A KMS key is disabled or denied, or waits for its deletion.",
        "Enable or allow the key, or cancel its deletion, then deploy again.",
    )
    SubnetsOutsideVpc = Meaning(
        "The subnets lie in another VPC than `VpcId`.",
        "Name subnets of that VPC, then deploy again.",
    )
    ConnectionBudgetExceeded = Meaning(
        "The tasks can open more connections than the database takes.",
        "Ask for fewer tasks or workers, or raise the database's capacity first."
        " See [Connections](connections.md).",
    )
    WrongServiceToken = Meaning(
        "The `ServiceToken` is that of another resource type.",
        "Take the token of the type, then deploy again.",
    )
    AccessDenied = Meaning(
        "AWS denies a call to the provider's role.",
        "Look for a policy of yours that denies it. If there is none, the template has a fault.",
        (STACK, ROTATION, CHECK),
    )
    WorkingRoleDenied = Meaning(
        "A function may not assume its working role, or does not know it.",
        "Update the provider's stack. Look for a policy that denies `sts:AssumeRole` or"
        " `sts:TagSession`.",
        (STACK, ROTATION, CHECK),
    )
    QuotaReached = Meaning(
        "A quota of the account is reached.",
        "Raise it in Service Quotas, or remove what is not needed.",
        (STACK, ROTATION),
    )
    NoCapacity = Meaning(
        "AWS has no room for the object in its Availability Zones.",
        "Deploy again later, or name subnets in other zones.",
    )
    CallRefused = Meaning(
        "AWS refuses a call for another reason, which the words give.",
        "Correct what AWS names, then deploy again.",
        (STACK, ROTATION, CHECK),
    )
    NotCreated = Meaning(
        "AWS took an order to make an object, and could not make it.",
        "Mend what the reason names, then deploy again.",
        (STACK, ROTATION),
    )
    ChangeNotTaken = Meaning(
        "AWS took a change several times, and the object is still as it was.",
        "Look who else changes the object, then deploy again.",
        (STACK, ROTATION),
    )
    BucketNotEmptied = Meaning(
        "S3 keeps objects that a deletion was to remove.",
        "Remove what holds them, such as a lock or a policy, then delete again.",
    )
    DatabaseFailed = Meaning(
        "The cluster or its instance is in a state that does not pass by itself.",
        "Mend what the reason names in RDS, then deploy again.",
    )
    DatabaseIncomplete = Meaning(
        "The database's stack has not finished making it, or lacks one of its secrets.",
        "Deploy the database's stack, then rotate again.",
        (ROTATION,),
    )
    DatabaseRefused = Meaning(
        "The database or its Data API refuses what is asked.",
        "Mend what the reason names, then try again.",
        (STACK, ROTATION, CHECK),
    )
    DatabaseStopped = Meaning(
        "Somebody stopped the cluster.",
        "Start it with `aws rds start-db-cluster`, then try again.",
        (STACK, CHECK),
    )
    DatabaseUnreachable = Meaning(
        "A task could not reach the database.",
        "Look whether it is available and whether its security group admits the tasks.",
    )
    LoginRefused = Meaning(
        "The database refuses the login that a secret holds.",
        "Correct user and password in the secret. The database must ask for SCRAM.",
        (STACK, ROTATION, CHECK),
    )
    SnapshotFailed = Meaning(
        "RDS could not take a snapshot.",
        "Look at its events in RDS, delete the snapshot that failed, then try again.",
    )
    SchemaAhead = Meaning(
        "A newer MLflow migrated the database than the image that is asked for.",
        "Use an image of that release or a newer one, or restore the snapshot from before.",
        (STACK, CHECK),
    )
    SchemaBehind = Meaning(
        "The database lacks revisions that the image expects.",
        "Deploy the service with the image: its migration runs them.",
        (STACK, CHECK),
    )
    SchemaChanged = Meaning(
        "The database changed between the look at it and its migration.",
        "Deploy again. Look who else migrates the database.",
    )
    SchemaDamaged = Meaning(
        "Tables, columns or indexes are not as the database's own revision declares them.",
        "Put back what the reason names, or restore a snapshot.",
        (STACK, CHECK),
    )
    SchemaEmpty = Meaning(
        "The database has no tables of MLflow.",
        "Deploy the service: its migration makes them.",
        (STACK, CHECK),
    )
    SchemaForeign = Meaning(
        "The database has tables, but no revision of MLflow.",
        "Give MLflow a database of its own, or restore a snapshot.",
        (STACK, CHECK),
    )
    SchemaHalfMigrated = Meaning(
        "A migration broke off after some of its statements.",
        "Restore the snapshot from before it, then deploy the service again.",
        (STACK, CHECK),
    )
    SchemaUnknown = Meaning(
        "No release that this provider knows has the database's revision.",
        "Use the image that migrated the database, or update the provider.",
        (STACK, CHECK),
    )
    ReleaseUnknown = Meaning(
        "The image's tag names no MLflow release that this provider knows.",
        "Name the release by `ImageTag`, or update the provider.",
        (STACK, CHECK),
    )
    MigrationBlocked = Meaning(
        "Another session or migration held the database's lock until the time was up.",
        "Wait for its end, or end it. Then deploy again.",
    )
    MigrationFailed = Meaning(
        "MLflow's migration ended with an error.",
        "Read the log of the migration task, which the reason names.",
    )
    ImageNotPullable = Meaning(
        "ECS could not pull an image.",
        "Look at the image's name, the rights on it, and the routes from the subnets.",
        (STACK, ROTATION),
    )
    ImageUnfit = Meaning(
        "The image lacks MLflow, a driver for PostgreSQL or another part that is asked for.",
        "Use the official image with `-full` in its tag, or one built on it.",
    )
    SecretNotReadable = Meaning(
        "ECS could not read a secret that a task needs.",
        "Look at the secret, its key, and the routes from the subnets.",
        (STACK, ROTATION),
    )
    TaskFailed = Meaning(
        "A task stopped for a reason that has no other code.",
        "Read the task's log, whose group the reason names.",
        (STACK, ROTATION),
    )
    TaskOutOfMemory = Meaning(
        "A task used more memory than it has.",
        "Give the tasks more memory, or fewer workers.",
        (STACK, ROTATION),
    )
    ServiceNotStable = Meaning(
        "ECS gave the deployment up, and names no task that failed.",
        "Read the service's events and the tasks' log.",
        (STACK, ROTATION),
    )
    DeepCheckFailed = Meaning(
        "A task is healthy for the load balancer, but its MLflow does not serve.",
        "Mend what the reason names: the database or the bucket. The tasks' log has more.",
    )
    LoginInUse = Meaning(
        "Something still uses the login that was to change. Nothing was changed.",
        "Wait for a deployment to end, or stop who uses the login. Then rotate again.",
        (ROTATION,),
    )
    DeploymentReplaced = Meaning(
        "Another deployment took the place of the rotation's own.",
        "Rotate again when the service's stack is at rest.",
        (ROTATION,),
    )
    InvalidRequest = Meaning(
        "The event is none that CloudFormation, a rule or an operator sends.",
        "Deploy by CloudFormation. By hand, follow the documentation's example.",
        (STACK, ROTATION, NOT_SERVED),
    )
    CallerRefused = Meaning(
        "Somebody invoked a function who is not served there.",
        "Invoke it with `--qualifier operator`. CloudTrail tells who it was.",
        (NOT_SERVED,),
    )
    RequestNotConfirmed = Meaning(
        "CloudFormation does not confirm the request. Nothing was changed.",
        "Deploy again. If the function's role may not ask CloudFormation, update the provider.",
    )
    HandOffFailed = Meaning(
        "The function could not start the invocation that goes on with the request.",
        "Shorten the properties if they are too large. Else see the function's log.",
    )
    TimedOut = Meaning(
        "The time was up before what the reason names was ready.",
        "Look at the object that it names. Another try goes on from there.",
        (STACK, ROTATION),
    )
    FunctionDied = Meaning(
        "The function could not answer. `LastWord` answered in its place.",
        "Read the function's log, then deploy again.",
    )
    InternalError = Meaning(
        "The provider has a fault.",
        "Read the function's log, update the provider, and report the fault.",
        (STACK, ROTATION, CHECK),
    )

    @property
    def prefix(self) -> str:
        """Return what words for a user begin with."""
        return f"[{self.name}] "
