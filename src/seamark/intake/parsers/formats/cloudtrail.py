"""AWS CloudTrail, as context: which principal took on which role, and which role reached which secret, store or machine.

It yields relations and no findings. Taken are calls that succeeded: `AssumeRole*` and whatever enters a machine, a function or a
container (CALLS), secrets and parameters that were read in the clear (READS) or changed (WRITES), objects and items of
stores where data events are logged (READS, WRITES). An account CONTAINS what is named in it. Calls of Amazon's own services
have no principal of ours and are left out. Tables of CloudTrail Lake have the columns that people ask for, and are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._acts import Acts, resource, role_of_session
from seamark.intake.parsers.kit import (
    AssetKind,
    AssetRef,
    Item,
    JsonLines,
    Kind,
    Probe,
    Reading,
    RelationKind,
    UnreadableReport,
    json_lines,
    json_object,
    json_rows,
    moment,
    parser,
    variant,
)

TOOL: Final = "AWS CloudTrail"
_GITHUB: Final = "token.actions.githubusercontent.com"
_ACCOUNT: Final = "system:serviceaccount:"
_MOST_NAMES: Final = 50

_SECRET_READS: Final = frozenset({"GetSecretValue", "BatchGetSecretValue"})
_SECRET_WRITES: Final = frozenset({"PutSecretValue", "UpdateSecret", "CreateSecret", "RotateSecret", "DeleteSecret"})
_PARAMETER_READS: Final = frozenset({"GetParameter", "GetParameters", "GetParameterHistory"})
_PARAMETER_WRITES: Final = frozenset({"PutParameter", "DeleteParameter", "DeleteParameters"})
_STORE: Final = {
    "s3.amazonaws.com": (
        frozenset({"GetObject", "SelectObjectContent", "GetObjectTorrent"}),
        frozenset({"PutObject", "DeleteObject", "DeleteObjects", "CopyObject", "CompleteMultipartUpload"}),
    ),
    "dynamodb.amazonaws.com": (
        frozenset({"GetItem", "Query", "Scan"}),
        frozenset({"PutItem", "UpdateItem", "DeleteItem"}),
    ),
}


class Issuer(Struct):
    arn: str | None = ""


class Session(Struct, rename="camel"):
    session_issuer: Issuer | None = None


class Identity(Struct, rename="camel"):
    type: str | None = ""
    arn: str | None = ""
    account_id: str | None = ""
    user_name: str | None = ""
    identity_provider: str | None = ""
    session_context: Session | None = None


class Parameters(Struct, rename="camel"):
    """What a call asked for: every service has its own names, and its own types for them."""

    role_arn: Any = None
    secret_id: Any = None
    name: Any = None
    names: Any = None
    with_decryption: Any = None
    bucket_name: Any = None
    table_name: Any = None
    function_name: Any = None
    target: Any = None
    instance_ids: Any = None
    instance_id: Any = None
    task: Any = None


class Resource(Struct):
    arn: str | None = field(name="ARN", default="")
    account: str | None = field(name="accountId", default="")
    type: str | None = ""


class Record(Struct, rename="camel"):
    event_name: str
    event_source: str
    event_time: str | None = ""
    aws_region: str | None = ""
    recipient_account_id: str | None = ""
    error_code: str | None = ""
    user_identity: Identity | None = None
    request_parameters: Parameters | str | None = None
    resources: list[Resource] | None = None


class File(Struct):
    records: Raw = field(name="Records")


class Looked(Struct):
    record: str = field(name="CloudTrailEvent", default="")


class LookedUp(Struct):
    events: list[Looked] = field(name="Events")


class Bridged(Struct):
    """An event as EventBridge passes it on."""

    detail: Record


_NAMES = ("eventVersion", "eventSource", "eventName", "userIdentity")


def _is_record(row: object) -> bool:
    return isinstance(row, dict) and {*_NAMES} <= row.keys()


@parser(
    "cloudtrail",
    title=TOOL,
    kind=Kind.CLOUD,
    looks=json_object("Records", where=lambda probe: _is_record(probe.get("Records.0"))),
    made_with="aws s3 cp s3://BUCKET/AWSLogs/ACCOUNT/CloudTrail/… . (files *.json.gz), or aws cloudtrail lookup-events",
    url="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    versions="event version 1.0 to 1.11",
    lift=("Records",),
)
def read(file: File, reading: Reading) -> Iterator[Item]:
    yield from _items(reading.rows(file.records, Record, where="$.Records"))


@variant("cloudtrail", looks=json_object(*_NAMES))
def read_one(record: Record) -> Iterator[Item]:
    yield from _items([record])


def _is_lines(probe: Probe) -> bool:
    return probe.form == "json lines"


@variant("cloudtrail", looks=json_lines(*_NAMES, where=_is_lines))
def read_lines(records: JsonLines[Record]) -> Iterator[Item]:
    yield from _items(records)


@variant("cloudtrail", looks=json_rows(*_NAMES), lift=("[]",))
def read_rows(records: list[Record]) -> Iterator[Item]:
    yield from _items(records)


def _is_bridged(probe: Probe) -> bool:
    return _is_record(probe.get("detail")) and "CloudTrail" in str(probe.get("detail-type"))


@variant("cloudtrail", looks=json_object("detail", "detail-type", where=_is_bridged))
def read_bridged(event: Bridged) -> Iterator[Item]:
    yield from _items([event.detail])


@variant(
    "cloudtrail", looks=json_lines("detail", "detail-type", where=lambda probe: _is_lines(probe) and _is_bridged(probe))
)
def read_bridged_lines(events: JsonLines[Bridged]) -> Iterator[Item]:
    yield from _items(event.detail for event in events)


def _is_looked_up(probe: Probe) -> bool:
    return isinstance(probe.get("Events.0.CloudTrailEvent"), str)


@variant("cloudtrail", looks=json_object("Events", where=_is_looked_up))
def read_looked_up(answer: LookedUp) -> Iterator[Item]:
    yield from _items(_records(answer.events))


def _records(events: list[Looked]) -> Iterator[Record]:
    decode = msgspec.json.Decoder(Record, strict=False).decode
    for number, event in enumerate(events):
        if event.record:
            try:
                yield decode(event.record)
            except msgspec.MsgspecError as error:
                raise UnreadableReport(str(error), where=f"$.Events[{number}].CloudTrailEvent") from None


def _items(records: Iterable[Record]) -> Iterator[Item]:
    acts = Acts(TOOL)
    for record in records:
        time = moment(record.event_time)
        acts.at(time)
        actor = None if record.error_code else _principal(record.user_identity)
        if actor is not None:
            for kind, target in _targets(record):
                acts.add(kind, actor, target, record.event_name, time)
                _hold(acts, record, target, time)
    yield from acts.items()


def _hold(acts: Acts, record: Record, target: AssetRef, time: str) -> None:
    """Note the account that a target is in: that of its ARN, and of a bucket the one that the event names as its owner."""
    parts = target.key.split(":", 5)
    account = parts[4] if len(parts) > 5 else ""
    if not account:
        account = next((one.account or "" for one in record.resources or () if one.arn == target.key), "")
    if account.isdecimal():
        acts.add(RelationKind.CONTAINS, AssetRef(AssetKind.CLOUD_ACCOUNT, account), target, "named", time)


def _principal(user: Identity | None) -> AssetRef | None:
    """Return who called; None for Amazon's own services and for whom the event does not name."""
    if user is None:
        return None
    issuer = user.session_context.session_issuer if user.session_context else None
    match user.type:
        case "AssumedRole" | "Role" | "FederatedUser" | "IAMUser" | "AssumedRoot":
            arn = (issuer.arn if issuer else "") or role_of_session(user.arn or "")
            return resource(arn) if arn.startswith("arn:") else None
        case "Root" | "AWSAccount":
            return AssetRef(AssetKind.CLOUD_ACCOUNT, user.account_id or "") if user.account_id else None
        case "WebIdentityUser":
            return _federated(user.user_name or "", user.identity_provider or "")
        case "SAMLUser" | "IdentityCenterUser":
            return AssetRef(AssetKind.PERSON, user.user_name) if user.user_name and "@" in user.user_name else None
    return None


def _federated(name: str, provider: str) -> AssetRef | None:
    """Return who came with a token: the repository of a GitHub workflow, or a service account of a cluster."""
    if name.startswith(_ACCOUNT):
        namespace, _, account = name.removeprefix(_ACCOUNT).partition(":")
        return AssetRef(AssetKind.WORKLOAD, f"{namespace}/ServiceAccount/{account}") if account else None
    if provider.endswith(_GITHUB) and name.startswith("repo:"):
        path = name.split(":")[1]
        return AssetRef(AssetKind.REPOSITORY, f"github.com/{path}") if path.count("/") == 1 else None
    return None


def _targets(record: Record) -> Iterator[tuple[RelationKind, AssetRef]]:
    given, name = record.request_parameters, record.event_name
    asked = given if isinstance(given, Parameters) else Parameters()
    match record.event_source:
        case "sts.amazonaws.com" if name.startswith("AssumeRole"):
            if arn := _text(asked.role_arn):
                yield RelationKind.CALLS, resource(arn)
        case "secretsmanager.amazonaws.com" if name in _SECRET_READS | _SECRET_WRITES:
            kind = RelationKind.READS if name in _SECRET_READS else RelationKind.WRITES
            named = _named(record, "secretsmanager", "AWS::SecretsManager::Secret") or _arn(
                record, "secretsmanager", f"secret:{_text(asked.secret_id) or _text(asked.name)}", asked.secret_id
            )
            if named:
                yield kind, AssetRef(AssetKind.SECRET_STORE, named)
        case "ssm.amazonaws.com":
            yield from _of_manager(record, asked)
        case source if source in _STORE:
            yield from _of_store(record, asked)
        case "lambda.amazonaws.com" if name == "Invoke":
            function = _text(asked.function_name)
            arn = _named(record, "lambda", "AWS::Lambda::Function") or _arn(
                record, "lambda", f"function:{function}", function
            )
            if arn:
                yield RelationKind.CALLS, resource(arn)
        case "ec2-instance-connect.amazonaws.com" if name.startswith("Send"):
            yield from _machines(record, [asked.instance_id])
        case "ecs.amazonaws.com" if name == "ExecuteCommand":
            if arn := _text(asked.task) if _text(asked.task).startswith("arn:") else "":
                yield RelationKind.CALLS, resource(arn)


def _of_manager(record: Record, asked: Parameters) -> Iterator[tuple[RelationKind, AssetRef]]:
    """Yield what a call of Systems Manager reached: parameters, of which only those read in the clear count, or machines."""
    name = record.event_name
    if name in _PARAMETER_READS | _PARAMETER_WRITES:
        if name in _PARAMETER_READS and asked.with_decryption is not True:
            return
        kind = RelationKind.READS if name in _PARAMETER_READS else RelationKind.WRITES
        for one in dict.fromkeys((_text(asked.name), *_texts(asked.names))):
            if arn := _arn(record, "ssm", f"parameter/{one.lstrip('/')}", one) if one else "":
                yield kind, AssetRef(AssetKind.SECRET_STORE, arn)
    elif name == "StartSession":
        yield from _machines(record, [asked.target])
    elif name == "SendCommand":
        yield from _machines(record, _texts(asked.instance_ids))


def _of_store(record: Record, asked: Parameters) -> Iterator[tuple[RelationKind, AssetRef]]:
    reads, writes = _STORE[record.event_source]
    kind = RelationKind.READS if record.event_name in reads else RelationKind.WRITES
    if record.event_name not in reads | writes:
        return
    bucket, table = _text(asked.bucket_name), _text(asked.table_name)
    if record.event_source == "s3.amazonaws.com":
        made = bucket if bucket.startswith("arn:") else f"arn:{_partition(record)}:s3:::{bucket}" if bucket else ""
        arn = _named(record, "s3", "AWS::S3::Bucket") or made
    else:
        made = _arn(record, "dynamodb", f"table/{table}", table) if table else ""
        arn = _named(record, "dynamodb", "AWS::DynamoDB::Table") or made
    if arn:
        yield kind, AssetRef(AssetKind.DATA_STORE, arn)


def _machines(record: Record, names: Iterable[Any]) -> Iterator[tuple[RelationKind, AssetRef]]:
    for name in names:
        if _text(name).startswith("i-") and (arn := _arn(record, "ec2", f"instance/{name}", "")):
            yield RelationKind.CALLS, resource(arn)


def _named(record: Record, service: str, sort: str) -> str:
    """Return the ARN that the event itself lists among its resources, empty where it lists none of the sort."""
    mark = f":{service}:"
    for one in record.resources or ():
        if one.arn and (one.type == sort or (not one.type and mark in one.arn[:40])):
            return one.arn
    return ""


def _arn(record: Record, service: str, name: str, given: Any) -> str:
    """Return the ARN of what a call names: as it is given, or made of the place of the call."""
    text = _text(given)
    if text.startswith("arn:"):
        return text
    region, account = record.aws_region or "", record.recipient_account_id or ""
    known = bool(region and account) and not name.endswith((":", "/"))
    return f"arn:{_partition(record)}:{service}:{region}:{account}:{name}" if known else ""


def _partition(record: Record) -> str:
    region = record.aws_region or ""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [one for one in value[:_MOST_NAMES] if isinstance(one, str)] if isinstance(value, list) else []
