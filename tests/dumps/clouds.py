"""Answers of clouds, by the command that prints them."""

from __future__ import annotations

from typing import Any

ACCOUNT, REGION = "123456789012", "eu-west-1"
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
TARGETS = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/orders/0123456789abcdef"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/shop/0123456789abcdef"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
SHA = "sha256:" + "a" * 64
SITES = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shop/providers"


def task(number: int = 1) -> dict[str, Any]:
    return {
        "taskArn": f"{ECS}:task/shop/{number:032x}", "clusterArn": f"{ECS}:cluster/shop", "taskDefinitionArn": f"{ECS}:task-definition/orders:7", "group": "service:orders",
        "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "startedAt": "2026-05-20T09:00:00.190000+00:00",
        "containers": [{"name": "orders", "image": f"{REGISTRY}/orders:1.4", "imageDigest": SHA, "lastStatus": "RUNNING"}],
    }  # fmt: skip


AWS: dict[str, dict[str, Any]] = {
    "ecs describe-tasks": {"tasks": [task()], "failures": []},
    "ecs list-tasks": {"taskArns": [task()["taskArn"]]},
    "ecs describe-services": {"services": [{
        "serviceArn": f"{ECS}:service/shop/orders", "serviceName": "orders", "clusterArn": f"{ECS}:cluster/shop", "status": "ACTIVE", "desiredCount": 2, "runningCount": 1,
        "taskDefinition": f"{ECS}:task-definition/orders:7", "launchType": "FARGATE", "loadBalancers": [{"targetGroupArn": TARGETS, "containerName": "orders", "containerPort": 8000}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}},
    }], "failures": []},
    "ecs describe-task-definition": {"taskDefinition": {
        "taskDefinitionArn": f"{ECS}:task-definition/orders:7", "family": "orders", "revision": 7, "networkMode": "awsvpc", "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/orders",
        "containerDefinitions": [{"name": "orders", "image": f"{REGISTRY}/orders:1.4", "privileged": False, "user": "1000", "portMappings": [{"containerPort": 8000}],
                                  "environment": [{"name": "ORDERS_DB", "value": "postgres://x"}]}],
    }},
    "lambda list-functions": {"Functions": [
        {"FunctionName": "thumbs", "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:thumbs", "Runtime": "python3.12", "Role": f"arn:aws:iam::{ACCOUNT}:role/thumbs",
         "PackageType": "Zip", "LastModified": "2026-05-01T10:00:00.000+0000", "Environment": {"Variables": {"BUCKET": "pictures"}}},
    ]},
    "lambda get-function": {
        "Configuration": {"FunctionName": "resize", "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:resize", "PackageType": "Image"},
        "Code": {"RepositoryType": "ECR", "ImageUri": f"{REGISTRY}/resize:3", "ResolvedImageUri": f"{REGISTRY}/resize@{SHA}"},
    },
    "ec2 describe-instances": {"Reservations": [{"OwnerId": ACCOUNT, "Instances": [
        {"InstanceId": "i-0abc", "ImageId": "ami-1", "State": {"Code": 16, "Name": "running"}, "PublicIpAddress": "203.0.113.9", "Placement": {"AvailabilityZone": f"{REGION}a"},
         "Tags": [{"Key": "Name", "Value": "bastion-prod"}], "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "ssh"}]},
        {"InstanceId": "i-0def", "State": {"Code": 48, "Name": "terminated"}, "Placement": {"AvailabilityZone": f"{REGION}a"}},
    ]}]},
    "elbv2 describe-load-balancers": {"LoadBalancers": [
        {"LoadBalancerArn": BALANCER, "LoadBalancerName": "shop", "DNSName": "Shop-1.eu-west-1.elb.amazonaws.com", "Scheme": "internet-facing", "Type": "application", "State": {"Code": "active"}},
    ]},
    "elbv2 describe-target-groups": {"TargetGroups": [{"TargetGroupArn": TARGETS, "TargetGroupName": "orders", "TargetType": "ip", "LoadBalancerArns": [BALANCER]}]},
    "elbv2 describe-listeners": {"Listeners": [{"ListenerArn": BALANCER.replace(":loadbalancer/", ":listener/") + "/1", "LoadBalancerArn": BALANCER, "Port": 443, "Protocol": "HTTPS"}]},
    "ecr describe-images": {"imageDetails": [
        {"registryId": ACCOUNT, "repositoryName": "orders", "imageDigest": SHA, "imageTags": ["1.4"], "imagePushedAt": "2026-05-01T10:00:00+00:00"},
        {"registryId": ACCOUNT, "repositoryName": "orders", "imageDigest": "sha256:" + "b" * 64, "imageTags": ["1.5"], "imagePushedAt": "2026-05-09T10:00:00+00:00"},
    ]},
    "eks describe-cluster": {"cluster": {
        "name": "prod-eu", "arn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/prod-eu", "version": "1.30", "endpoint": "https://x.eks.amazonaws.com",
        "resourcesVpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]},
    }},
    "rds describe-db-instances": {"DBInstances": [
        {"DBInstanceIdentifier": "orders-prod", "DBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders-prod", "Engine": "postgres", "EngineVersion": "16.3", "PubliclyAccessible": True,
         "StorageEncrypted": True, "Endpoint": {"Address": "orders.x.rds.amazonaws.com", "Port": 5432}, "DBName": "orders"},
    ]},
    "s3api get-bucket-policy": {"Policy": '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::pictures/*"}]}'},
    "s3api get-public-access-block": {"Bucket": "invoices", "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
    }},
}  # fmt: skip
GOOGLE: dict[str, Any] = {
    "run services list": [{
        "apiVersion": "serving.knative.dev/v1", "kind": "Service",
        "metadata": {"name": "orders", "namespace": "shop-prod", "selfLink": "/apis/serving.knative.dev/v1/namespaces/shop-prod/services/orders",
                     "labels": {"cloud.googleapis.com/location": "europe-west1"}, "annotations": {"run.googleapis.com/ingress": "all"}},
        "spec": {"template": {"spec": {"serviceAccountName": "orders@shop.example", "containers": [{"name": "orders", "image": f"europe-docker.pkg.dev/shop/orders@{SHA}",
                 "env": [{"name": "MODE", "value": "x"}], "ports": [{"containerPort": 8080}]}]}}},
        "status": {"url": "https://orders-x.a.run.app", "latestReadyRevisionName": "orders-00007"},
    }],
    "container clusters list": [{
        "name": "shop", "selfLink": "https://container.googleapis.com/v1/projects/shop-prod/locations/europe-west1/clusters/shop", "currentMasterVersion": "1.30.1-gke.1",
        "endpoint": "203.0.113.7", "location": "europe-west1", "privateClusterConfig": {"enablePrivateEndpoint": False}, "masterAuthorizedNetworksConfig": {},
    }],
    "functions list": [{
        "name": "projects/shop-prod/locations/europe-west1/functions/mail", "environment": "GEN_2", "buildConfig": {"runtime": "python312"},
        "serviceConfig": {"uri": "https://mail-x.a.run.app", "ingressSettings": "ALLOW_INTERNAL_ONLY", "environmentVariables": {"SMTP": "x"}},
    }],
    "sql instances list": [{
        "kind": "sql#instance", "name": "orders", "project": "shop-prod", "region": "europe-west1", "databaseVersion": "POSTGRES_16",
        "settings": {"ipConfiguration": {"ipv4Enabled": True, "authorizedNetworks": [{"value": "0.0.0.0/0"}]}},
    }],
}  # fmt: skip
AZURE: dict[str, Any] = {
    "containerapp list": [{
        "id": f"{SITES}/Microsoft.App/containerApps/orders", "name": "orders", "type": "Microsoft.App/containerApps", "tags": {"env": "prod"},
        "properties": {"runningStatus": "Running", "configuration": {"ingress": {"external": True, "fqdn": "orders.x.azurecontainerapps.io", "targetPort": 8000}},
                       "template": {"containers": [{"name": "orders", "image": f"shop.azurecr.io/orders:1.4@{SHA}", "env": [{"name": "MODE"}]}]}},
    }],
    "aks list": [{
        "id": f"{SITES}/Microsoft.ContainerService/managedClusters/shop", "name": "shop", "fqdn": "shop.hcp.azmk8s.io", "kubernetesVersion": "1.30",
        "apiServerAccessProfile": {"enablePrivateCluster": True},
    }],
    "webapp list": [{
        "id": f"{SITES}/Microsoft.Web/sites/front", "name": "front", "kind": "app,linux,container", "state": "Running", "defaultHostName": "front.azurewebsites.net",
        "httpsOnly": True, "siteConfig": {"linuxFxVersion": "DOCKER|shop.azurecr.io/front:2.0"},
    }],
    "functionapp list": [{
        "id": f"{SITES}/Microsoft.Web/sites/mail", "name": "mail", "kind": "functionapp,linux", "state": "Stopped", "defaultHostName": "mail.azurewebsites.net",
        "publicNetworkAccess": "Disabled", "siteConfig": {"linuxFxVersion": "Python|3.12"},
    }],
    "sql db list": [{"id": f"{SITES}/Microsoft.Sql/servers/shop/databases/orders", "name": "orders", "status": "Online", "currentServiceObjectiveName": "S0"}],
}  # fmt: skip
