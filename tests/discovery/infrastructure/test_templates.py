"""CloudFormation and SAM templates, and Pulumi programs in YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.extractors.pulumi import resource_type
from tests.discovery.infrastructure.kit import assets, edges, facts_of, grow, known

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Stage: {Type: String, Default: prod}
Conditions:
  Test: !Equals [!Ref Stage, test]
Resources:
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
      DBName: orders
      PubliclyAccessible: true
      VPCSecurityGroups: [!Ref Open]
      Tags: [{Key: data_class, Value: PII}]
  Open:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0}]
  Files:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "${Stage}-files", AccessControl: PublicRead}
  Spare:
    Type: AWS::S3::Bucket
    Condition: Test
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Scheme: internal}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: web, Image: "registry.example/web:1"}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: files
          PolicyDocument: {Statement: [{Effect: Allow, Action: [s3:GetObject], Resource: !Sub "${Files.Arn}/*"}]}
"""
SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Handler:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/handler
      Runtime: python3.12
      Handler: app.run
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref Table}}]
      Environment: {Variables: {QUEUE: !Ref Queue}}
      Events:
        Get: {Type: HttpApi, Properties: {Path: /, Method: get}}
  Table: {Type: AWS::Serverless::SimpleTable}
  Queue: {Type: AWS::SQS::Queue}
"""


def test_a_template(tmp_path: Path) -> None:
    facts = facts_of(grow(tmp_path, {"cfn/stack.yaml": TEMPLATE}), "cloudformation")
    here = "cfn/stack.yaml#"
    assert assets(facts, AssetKind.DATA_STORE) == {here + name for name in ("Orders", "Files", "Spare")}
    assert edges(facts) == {
        f"{here}Orders HANDLES PII",
        f"{here}Task RUNS registry.example/web",
        f"{here}Task READS {here}Files",
    }
    orders = known(facts, AssetKind.DATA_STORE, f"{here}Orders")
    assert (orders["engine"], orders["database"], orders["exposure"], orders["exposure_why"]) == (
        "postgresql",
        "orders",
        "internet",
        "publicly accessible; Open opens 5432 to every address",
    )
    files = known(facts, AssetKind.DATA_STORE, f"{here}Files")
    assert (files["name"], files["exposure"]) == ("prod-files", "internet")
    assert known(facts, AssetKind.DATA_STORE, f"{here}Spare")["count"] == 0
    assert known(facts, AssetKind.CLOUD_RESOURCE, f"{here}Balancer")["exposure"] == "internal"


def test_serverless_functions(tmp_path: Path) -> None:
    facts = facts_of(grow(tmp_path, {"template.yml": SAM, "src/handler/app.py": "x"}), "cloudformation")
    here = "template.yml#"
    assert edges(facts) == {
        f"{here}Handler RUNS src/handler", f"{here}ServerlessHttpApi EXPOSES {here}Handler", f"{here}Handler READS {here}Table", f"{here}Handler READS {here}Queue", f"{here}Handler WRITES {here}Queue",
    }  # fmt: skip
    found = known(facts, AssetKind.CLOUD_RESOURCE, f"{here}Handler")
    assert (found["exposure"], found["runtime"]) == ("internet", "python3.12")


def test_json_and_what_is_no_template(tmp_path: Path) -> None:
    tree = grow(
        tmp_path,
        {
            "a.json": '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}',
            "b.yaml": "Resources: {Q: {Type: thing}}\n",
            "c.json": '{"Resources": ["Type: AWS::SQS::Queue"]}',
        },
    )
    assert assets(facts_of(tree, "cloudformation"), AssetKind.DATA_STORE) == {"a.json#Q"}


PROGRAM = """
name: shop
runtime: yaml
config:
  stage: {type: string, default: dev}
resources:
  group:
    type: aws:ec2:SecurityGroup
    properties:
      ingress: [{fromPort: 0, toPort: 0, protocol: "-1", cidrBlocks: ["0.0.0.0/0"]}]
  db:
    type: aws:rds/instance:Instance
    properties: {engine: mysql, publiclyAccessible: true, vpcSecurityGroupIds: ["${group.id}"], identifier: "${stage}-db"}
  bucket: {type: "aws:s3:Bucket", properties: {acl: public-read}}
  queue: {type: "aws:sqs:Queue"}
  app:
    type: kubernetes:apps/v1:Deployment
    properties: {spec: {template: {spec: {containers: [{name: c, image: "x/app:1"}]}}}}
"""


def test_a_program(tmp_path: Path) -> None:
    facts = facts_of(grow(tmp_path, {"infra/Pulumi.yaml": PROGRAM}), "pulumi")
    here = "infra/Pulumi.yaml#"
    assert assets(facts, AssetKind.DATA_STORE) == {here + name for name in ("db", "bucket", "queue")}
    assert edges(facts) == {"default/Deployment/app RUNS x/app"}
    database = known(facts, AssetKind.DATA_STORE, f"{here}db")
    assert (database["name"], database["exposure"], database["exposure_why"]) == (
        "dev-db",
        "internet",
        "publicly accessible; group opens all ports to every address",
    )
    assert known(facts, AssetKind.DATA_STORE, f"{here}bucket")["exposure"] == "internet"
    assert facts_of(grow(tmp_path / "b", {"Pulumi.yaml": "name: x\nruntime: nodejs\n"}), "pulumi") == []


@pytest.mark.parametrize(
    ("token", "expected"),
    [("aws:sqs/queue:Queue", "aws_sqs_queue"), ("aws:rds:Instance", "aws_db_instance"), ("gcp:pubsub:Topic", "google_pubsub_topic"), ("digitalocean:index:Droplet", "digitalocean_droplet"), ("x", "x")],
)  # fmt: skip
def test_types(token: str, expected: str) -> None:
    assert resource_type(token) == expected
