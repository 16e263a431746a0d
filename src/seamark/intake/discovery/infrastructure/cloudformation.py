"""CloudFormation and SAM templates, brought into the form of the other configurations: types, attributes and references alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import dig, listed, mapping, plain, sequence

TYPES: Final = {
    "AWS::RDS::DBInstance": "aws_db_instance", "AWS::RDS::DBCluster": "aws_rds_cluster", "AWS::DynamoDB::Table": "aws_dynamodb_table", "AWS::DynamoDB::GlobalTable": "aws_dynamodb_table", "AWS::Serverless::SimpleTable": "aws_dynamodb_table", "AWS::S3::Bucket": "aws_s3_bucket", "AWS::S3::BucketPolicy": "aws_s3_bucket_policy",
    "AWS::ElastiCache::CacheCluster": "aws_elasticache_cluster", "AWS::ElastiCache::ReplicationGroup": "aws_elasticache_replication_group", "AWS::Redshift::Cluster": "aws_redshift_cluster", "AWS::Neptune::DBCluster": "aws_neptune_cluster", "AWS::DocDB::DBCluster": "aws_docdb_cluster", "AWS::OpenSearchService::Domain": "aws_opensearch_domain",
    "AWS::Elasticsearch::Domain": "aws_elasticsearch_domain", "AWS::SQS::Queue": "aws_sqs_queue", "AWS::SQS::QueuePolicy": "aws_sqs_queue_policy", "AWS::SNS::Topic": "aws_sns_topic", "AWS::SNS::TopicPolicy": "aws_sns_topic_policy", "AWS::Kinesis::Stream": "aws_kinesis_stream", "AWS::MSK::Cluster": "aws_msk_cluster", "AWS::EFS::FileSystem": "aws_efs_file_system",
    "AWS::EC2::Volume": "aws_ebs_volume", "AWS::SecretsManager::Secret": "aws_secretsmanager_secret", "AWS::SSM::Parameter": "aws_ssm_parameter", "AWS::EC2::Instance": "aws_instance", "AWS::EC2::LaunchTemplate": "aws_launch_template", "AWS::EC2::SecurityGroup": "aws_security_group", "AWS::EC2::SecurityGroupIngress": "aws_vpc_security_group_ingress_rule",
    "AWS::EC2::Subnet": "aws_subnet", "AWS::EC2::VPC": "aws_vpc", "AWS::EC2::EIP": "aws_eip", "AWS::ECS::Service": "aws_ecs_service", "AWS::ECS::TaskDefinition": "aws_ecs_task_definition", "AWS::Lambda::Function": "aws_lambda_function", "AWS::Serverless::Function": "aws_lambda_function", "AWS::Lambda::Url": "aws_lambda_function_url", "AWS::EKS::Cluster": "aws_eks_cluster",
    "AWS::AppRunner::Service": "aws_apprunner_service", "AWS::Batch::JobDefinition": "aws_batch_job_definition", "AWS::ElasticLoadBalancingV2::LoadBalancer": "aws_lb", "AWS::ElasticLoadBalancingV2::Listener": "aws_lb_listener", "AWS::ElasticLoadBalancingV2::ListenerRule": "aws_lb_listener_rule", "AWS::ElasticLoadBalancingV2::TargetGroup": "aws_lb_target_group",
    "AWS::ElasticLoadBalancing::LoadBalancer": "aws_elb", "AWS::ApiGateway::RestApi": "aws_api_gateway_rest_api", "AWS::Serverless::Api": "aws_api_gateway_rest_api", "AWS::Serverless::HttpApi": "aws_apigatewayv2_api", "AWS::ApiGatewayV2::Api": "aws_apigatewayv2_api", "AWS::ApiGatewayV2::Integration": "aws_apigatewayv2_integration", "AWS::ApiGateway::Method": "aws_api_gateway_integration",
    "AWS::AppSync::GraphQLApi": "aws_appsync_graphql_api", "AWS::CloudFront::Distribution": "aws_cloudfront_distribution", "AWS::Route53::RecordSet": "aws_route53_record", "AWS::Route53::HostedZone": "aws_route53_zone", "AWS::IAM::Role": "aws_iam_role", "AWS::IAM::Policy": "aws_iam_role_policy", "AWS::IAM::ManagedPolicy": "aws_iam_policy", "AWS::IAM::User": "aws_iam_user",
    "AWS::IAM::InstanceProfile": "aws_iam_instance_profile", "AWS::AmazonMQ::Broker": "aws_mq_broker", "AWS::AutoScaling::AutoScalingGroup": "aws_autoscaling_group", "AWS::CodeBuild::Project": "aws_codebuild_project", "AWS::StepFunctions::StateMachine": "aws_sfn_state_machine", "AWS::Serverless::StateMachine": "aws_sfn_state_machine", "AWS::MemoryDB::Cluster": "aws_memorydb_cluster",
}  # fmt: skip
_NAMES: Final = {
    "bucket_name": "bucket", "table_name": "name", "queue_name": "name", "topic_name": "name", "d_b_instance_identifier": "identifier", "d_b_cluster_identifier": "cluster_identifier", "d_b_name": "db_name", "database_name": "database_name", "policy_document": "policy", "v_p_c_security_groups": "vpc_security_group_ids", "role_name": "name", "code_uri": "code_uri",
    "policy_name": "name", "group_name": "name", "cidr_ip": "cidr_ip", "cidr_ipv6": "cidr_ipv6", "ip_protocol": "protocol", "security_group_ingress": "ingress", "task_role_arn": "task_role_arn", "queues": "queue_url", "topics": "arn", "hosted_zone_name": "zone_name", "resource_records": "records", "alias_target": "alias", "users": "user",
}  # fmt: skip
_SUB: Final = re.compile(r"\$\{(!?)([A-Za-z0-9:._-]{1,255})\}")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DEEPEST: Final = 60
_KEPT: Final = frozenset(
    {
        "policy",
        "environment",
        "variables",
        "tags",
        "policies",
        "assume_role_policy",
        "assume_role_policy_document",
        "inline_policy",
    }
)
"""Attributes whose inner keys are data, and stay as they are written."""


def is_template(content: dict[str, Any]) -> bool:
    """Tell whether a document is a template."""
    resources = content.get("Resources")
    return isinstance(resources, dict) and any(
        re.match(r"(?:AWS|Alexa|Custom)::", plain(mapping(each).get("Type"))) for each in list(resources.values())[:200]
    )


def read_template(content: dict[str, Any], path: str, lines: dict[str, int]) -> Iterator[Resource]:
    """Yield the resources of a template; `lines` gives the line of each logical id."""
    reader = _Reader(content)
    for name, given in list(mapping(content.get("Resources")).items())[:5_000]:
        each = mapping(given)
        type_ = plain(each.get("Type"))
        if not type_:
            continue
        condition = plain(each.get("Condition"))
        off = bool(condition) and reader.condition(condition, 0) is False
        values = reader.attributes(mapping(each.get("Properties")))
        kind = TYPES.get(type_, type_)
        _adapted(kind, type_, values)
        yield Resource(
            address=name, type=kind, name=name, values=values, at=f"{path}:{lines.get(name, 1)}", key=f"{path}#{name}", count=0 if off else None,
            confidence=0.5 if off else 1.0,
        )  # fmt: skip
        yield from _events(name, type_, mapping(each.get("Properties")), f"{path}:{lines.get(name, 1)}", path)


class _Reader:
    """Works out the functions of a template with its parameters' defaults."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._parameters = {
            name: mapping(each).get("Default") for name, each in mapping(content.get("Parameters")).items()
        }
        self._mappings, self._conditions = mapping(content.get("Mappings")), mapping(content.get("Conditions"))
        self._resources = mapping(content.get("Resources"))

    def attributes(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Return properties under the names that attributes have elsewhere, functions worked out."""
        found = {}
        for key, value in properties.items():
            name = _snake(key)
            found[name] = self._value(value, 0, keep=name in _KEPT)
        return found

    def _value(self, value: Any, depth: int, *, keep: bool) -> Any:
        if depth > _DEEPEST:
            return None
        if isinstance(value, list):
            return [self._value(each, depth + 1, keep=keep) for each in value[:5_000]]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if (
                name in {"Ref", "Condition"}
                or str(name).startswith("Fn::")
                or name in {"Sub", "GetAtt", "Join", "If", "FindInMap", "Select", "ImportValue", "Base64", "Split"}
            ):
                return self._function(str(name).removeprefix("Fn::"), argument, depth, keep=keep)
        return {
            (key if keep else _snake(str(key))): self._value(each, depth + 1, keep=keep or _snake(str(key)) in _KEPT)
            for key, each in value.items()
        }

    def _function(self, name: str, argument: Any, depth: int, *, keep: bool) -> Any:
        inner = self._value(argument, depth + 1, keep=True) if name not in {"If", "GetAtt", "Sub"} else argument
        if name == "Ref":
            return self._ref(plain(inner))
        if name == "GetAtt":
            parts = [plain(each) for each in argument] if isinstance(argument, list) else plain(argument).split(".")
            return "${" + ".".join(parts[:1] + [_snake(each) for each in parts[1:]]) + "}"
        if name == "Sub":
            return self._sub(argument, depth)
        if name == "Join":
            parts = [plain(each) for each in sequence(dig(inner, 1))]
            return plain(dig(inner, 0)).join(parts)
        if name == "If":
            said = self.condition(plain(dig(argument, 0)), 0)
            return self._value(dig(argument, 2 if said is False else 1), depth + 1, keep=keep)
        if name == "FindInMap":
            return dig(self._mappings, *[plain(each) for each in sequence(inner)[:3]])
        if name == "Select":
            at = plain(dig(inner, 0))
            return dig(inner, 1, int(at)) if at.isdigit() and len(at) < 5 else None
        return inner if name in {"Base64", "Split"} else "${" + f"{name}" + "}"

    def _ref(self, name: str) -> Any:
        if self._parameters.get(name) is not None:
            return self._parameters[name]
        return "${" + name + "}"

    def _sub(self, argument: Any, depth: int) -> str:
        text = plain(dig(argument, 0)) if isinstance(argument, list) else plain(argument)
        given = mapping(self._value(dig(argument, 1), depth + 1, keep=True)) if isinstance(argument, list) else {}

        def value(match: re.Match[str]) -> str:
            if match[1]:
                return "${" + match[2] + "}"
            if match[2] in given:
                return plain(given[match[2]])
            head, _, rest = match[2].partition(".")
            return "${" + f"{head}.{_snake(rest)}" + "}" if rest else plain(self._ref(head))

        return _SUB.sub(value, text[:100_000])

    def condition(self, name: str, depth: int) -> bool | None:
        """Return whether a condition holds with the parameters' defaults; None where that cannot be told."""
        return self._holds(self._conditions.get(name), depth) if depth < 20 else None

    def _holds(self, value: Any, depth: int) -> bool | None:
        if not isinstance(value, dict) or len(value) != 1 or depth > 20:
            return None
        name, argument = next(iter(value.items()))
        word = str(name).removeprefix("Fn::")
        if word == "Condition":
            return self.condition(plain(argument), depth + 1)
        if word == "Equals":
            one, other = (
                plain(self._value(each, depth + 1, keep=True)) for each in (dig(argument, 0), dig(argument, 1))
            )
            return None if "${" in one + other else one == other
        found = [self._holds(each, depth + 1) for each in listed(argument)[:10]]
        if word == "Not":
            return None if not found or found[0] is None else not found[0]
        if None in found:
            return None
        return all(found) if word == "And" else any(found) if word == "Or" else None


def _snake(name: str) -> str:
    found = _WORDS.sub("_", name).lower()
    return _NAMES.get(found) or _SHORT.get(found, found)


_SHORT: Final = {
    "db_instance_identifier": "identifier", "db_cluster_identifier": "cluster_identifier", "db_name": "db_name", "vpc_security_groups": "vpc_security_group_ids", "db_cluster_id": "cluster_identifier", "cidr_ipv6": "cidr_ipv6", "image_uri": "image_uri", "code_uri": "code_uri", "auth_type": "authorization_type",
    "vpc_options": "vpc_options", "subnet_ids": "subnet_ids", "target_group_arn": "target_group_arn",
}  # fmt: skip


def _adapted(kind: str, type_: str, values: dict[str, Any]) -> None:
    """Bring what the two worlds write in different shapes into one."""
    tags = values.get("tags")
    if isinstance(tags, list):
        values["tags"] = {plain(mapping(each).get("Key")): plain(mapping(each).get("Value")) for each in tags[:200]}
    if kind in {"aws_lb", "aws_elb"}:
        values["internal"] = plain(values.get("scheme")) == "internal"
    if kind == "aws_s3_bucket":
        values["acl"] = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", plain(values.pop("access_control", ""))).lower()
        values |= mapping(values.get("public_access_block_configuration"))
    if kind == "aws_iam_role":
        values["inline_policy"] = [
            {"policy": mapping(each).get("PolicyDocument")} for each in listed(values.get("policies"))[:200]
        ]
    if kind == "aws_iam_role_policy":
        values["role"] = values.get("roles")
    if kind == "aws_ecs_service":
        inner = mapping(dig(values, "network_configuration", "awsvpc_configuration"))
        if inner:
            values["network_configuration"] = {
                **inner,
                "assign_public_ip": plain(inner.get("assign_public_ip")) == "ENABLED",
            }
    if kind == "aws_eks_cluster":
        values["vpc_config"] = mapping(values.get("resources_vpc_config"))
    if kind == "aws_cloudfront_distribution":
        inner = mapping(values.get("distribution_config"))
        values |= {"aliases": inner.get("aliases"), "origin": inner.get("origins")}
    if type_ == "AWS::Serverless::Api":
        values["endpoint_configuration"] = {
            "types": [plain(dig(values, "endpoint_configuration", "type") or values.get("endpoint_configuration"))]
        }
    if kind == "aws_lambda_function" and dig(values, "function_url_config", "authorization_type"):
        values["function_url_config"] = {
            "authorization_type": plain(dig(values, "function_url_config", "authorization_type"))
        }
    if kind == "aws_ecs_task_definition":
        values["container_definitions"] = [
            {**{_camel(key): inner for key, inner in mapping(each).items()}, "environment": [{"name": _name(one), "value": _field(one, "value")} for one in listed(mapping(each).get("environment"))]}
            for each in listed(values.get("container_definitions"))[:100]
        ]  # fmt: skip


def _name(value: Any) -> str:
    return plain(_field(value, "name"))


def _field(value: Any, key: str) -> Any:
    return mapping(value).get(key, mapping(value).get(key.capitalize()))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(each.capitalize() for each in rest)


def _events(name: str, type_: str, properties: dict[str, Any], at: str, path: str) -> Iterator[Resource]:
    """Yield what the serverless model makes of a function's events: the API that calls it, and a URL of its own."""
    if type_ != "AWS::Serverless::Function":
        return
    url = mapping(properties.get("FunctionUrlConfig"))
    if url:
        yield Resource(
            address=f"{name}Url", type="aws_lambda_function_url", name=f"{name}Url", at=at, key=f"{path}#{name}Url", confidence=0.9,
            values={"authorization_type": plain(url.get("AuthType")), "function_name": f"${{{name}.arn}}"},
        )  # fmt: skip
    implicit = {
        "Api": ("ServerlessRestApi", "RestApiId", "aws_api_gateway_rest_api"),
        "HttpApi": ("ServerlessHttpApi", "ApiId", "aws_apigatewayv2_api"),
    }
    for event, given in list(mapping(properties.get("Events")).items())[:200]:
        kind = plain(mapping(given).get("Type"))
        if kind in implicit:
            default, field, api_type = implicit[kind]
            target = plain(dig(given, "Properties", field, "Ref")) or plain(dig(given, "Properties", field)) or default
            if target == default:
                yield Resource(
                    address=default,
                    type=api_type,
                    name=default,
                    values={},
                    at=at,
                    key=f"{path}#{default}",
                    confidence=0.9,
                )
            yield Resource(
                address=f"{name}{event}", type="aws_apigatewayv2_integration", name=f"{name}{event}", at=at, key=f"{path}#{name}{event}", module="event",
                values={"api_id": f"${{{target}.id}}", "integration_uri": f"${{{name}.arn}}"},
            )  # fmt: skip
